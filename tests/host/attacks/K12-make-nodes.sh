# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K12: makes nodes of the host's disks and memory, and reads them
# mechanism: mknod(2)
# stopped by: no device node can be made in a user namespace, nor opened on its file systems
# weakened: no user namespace

attack() {
        in_place mkdir -p /k12 || return 2
        in_place /attacks/nodes make /k12
}

weaken() { raw no-userns; }

cleanup() { in_place rm -rf /k12; }

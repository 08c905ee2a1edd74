# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D15: makes its own disk out of a file
# mechanism: a loop device is a disk of the host's, one of a few for all, and writes by the host's own threads, outside of quota and cgroup
# stopped by: no loop device in a tenant's /dev, no node can be made of one; the kernel mounts no disk in a user namespace
# weakened: no user namespace, the host's /dev
# needs: modules

attack() {
        in_place sh -c 'truncate -s 1M /devices-file' || broken "no file"
        in_place /attacks/devices loop /devices-file
}

weaken() { raw no-userns privileged-dev; }

cleanup() { in_place rm -f /devices-file; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D8: takes all inodes of the host's disk
# mechanism: ext4 has a fixed number of them for all; empty files take nothing else
# stopped by: the same project quota, of files (Inodes=, by default one for each 16K of Size=)
# weakened: a tenant without Size=
# needs: quota

# shellcheck source=tests/host/attacks/disk.sh
. "$here/disk.sh"

attack() { disk_attack files inodes 6; }

weaken() { weak_tenant no-size; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D7: fills the host's disk with names of one file
# mechanism: a hard link takes no inode, but its name takes room in a directory
# stopped by: one project quota for all that the tenant writes (Size=)
# weakened: a tenant without Size=
# needs: quota

# shellcheck source=tests/host/attacks/disk.sh
. "$here/disk.sh"

attack() { disk_attack blocks names 8 2; }

weaken() { weak_tenant no-size; }

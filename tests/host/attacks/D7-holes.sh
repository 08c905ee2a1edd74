# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D7: fills the holes of a file that is as long as the disk
# mechanism: a sparse file is as large as one likes and takes its blocks later, by a mapping, where no write can be refused
# stopped by: one project quota for all that the tenant writes (Size=)
# weakened: a tenant without Size=
# needs: quota

# shellcheck source=tests/host/attacks/disk.sh
. "$here/disk.sh"

attack() { disk_attack blocks holes 16 6; }

weaken() { weak_tenant no-size; }

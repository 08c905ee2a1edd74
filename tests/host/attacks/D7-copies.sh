# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D7: fills the host's disk by copies that the kernel makes
# mechanism: copy_file_range(2) writes inside the kernel, for the file system to account
# stopped by: one project quota for all that the tenant writes (Size=)
# weakened: a tenant without Size=
# needs: quota

# shellcheck source=tests/host/attacks/disk.sh
. "$here/disk.sh"

attack() { disk_attack blocks copies 16 6; }

weaken() { weak_tenant no-size; }

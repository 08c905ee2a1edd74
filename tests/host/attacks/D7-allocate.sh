# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D7: fills the host's disk without writing
# mechanism: fallocate(2) takes blocks, as fast as the file system finds them
# stopped by: one project quota for all that the tenant writes (Size=)
# weakened: a tenant without Size=
# needs: quota

# shellcheck source=tests/host/attacks/disk.sh
. "$here/disk.sh"

attack() { disk_attack blocks allocate 300; }

weaken() { weak_tenant no-size; }

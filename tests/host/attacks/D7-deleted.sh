# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D7: fills the host's disk with files that nobody can find
# mechanism: a file that is open and has no name takes its blocks, and no du sees it
# stopped by: one project quota for all that the tenant writes (Size=)
# weakened: a tenant without Size=
# needs: quota

# shellcheck source=tests/host/attacks/disk.sh
. "$here/disk.sh"

attack() { disk_attack blocks deleted 16 6; }

weaken() { weak_tenant no-size; }

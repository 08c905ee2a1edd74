# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D7: fills the host's disk with attributes of files
# mechanism: extended attributes are kept in blocks that no size of a file shows
# stopped by: one project quota for all that the tenant writes (Size=)
# weakened: a tenant without Size=
# needs: quota

# shellcheck source=tests/host/attacks/disk.sh
. "$here/disk.sh"

attack() { disk_attack blocks attributes 3 4; }

weaken() { weak_tenant no-size; }

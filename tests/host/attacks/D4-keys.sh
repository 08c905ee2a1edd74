# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D4: takes all keys of the neighbour's user id
# mechanism: the quota of keys is per user id of the host, 200 of them by default, and each container needs some
# stopped by: ranges of ids that no two tenants share
# weakened: the same range as the neighbour's
# needs: kernel neighbour

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() { exhaust_attack keys 5000; }

weaken() { raw common-range; }

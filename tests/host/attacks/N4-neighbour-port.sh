# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N4: connects to the victim's unpublished port
# mechanism: the host routes between all that it has a route to
# stopped by: from a tenant's interface to a tenant's: dropped (chain from_tenant)
# weakened: nothing is dropped in chain from_tenant
# needs: neighbour

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

attack() {
        # Also by a route of its own making.
        in_place ip route replace "$victim_address" via "$gateway" dev eth0 onlink || return 2
        in_place /attacks/request "$victim_address" "$victim_port" 0 && { echo "the victim answers"; return 0; }
        echo "no answer from $victim_address:$victim_port"
        return 1
}

weaken() { weak_tenant no-forward-filter; }

cleanup() { in_place ip route delete "$victim_address"; }

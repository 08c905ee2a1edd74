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
        in_place ip route replace "$victim_address" via "$gateway" dev eth0 onlink || broken "no route"
        serve_http 192.0.2.1:7600 laptop
        wait_for 5 fetch "$laptop_address:7600" nsenter -t "$(tenant_init "$place")" -n || broken "it reaches nobody at all"
        ! in_place /attacks/request "$victim_address" "$victim_port" 0 || breached "the victim answers"
        victim_answers || broken "the victim answers nobody"
        stopped "no answer from $victim_address:$victim_port, which the host gets"
}

weaken() { weak_tenant no-forward-filter; }

cleanup() {
        hearers_end
        in_place ip route delete "$victim_address"
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N5: connects to a service of the host's
# mechanism: the gateway is the host itself; what listens there listens on the tenants' side too
# stopped by: nothing but echo requests is let in from a tenant's interface (chain input)
# weakened: nothing is dropped in chain input

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

attack() {
        local address
        serve_http 0.0.0.0:7300
        wait_for 5 fetch "$host_address:7300" laptop || broken "the host does not serve"
        for address in "$host_address" "$gateway" "$victim_address"; do
                fetch "$address:7300" nsenter -t "$(tenant_init "$place")" -n || continue
                breached "the host answers at $address"
        done
        nsenter -t "$(tenant_init "$place")" -n ping -q -c 1 -W 2 "$gateway" || broken "it does not even reach the gateway"
        stopped "the gateway answers its ping, no address of the host at port 7300, which the laptop gets"
}

weaken() { weak_tenant no-input-filter; }

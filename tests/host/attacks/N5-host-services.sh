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
        wait_for 5 fetch "$host_address:7300" laptop || { echo "broken: the host does not serve"; return 2; }
        for address in "$host_address" "$gateway" "$victim_address"; do
                fetch "$address:7300" nsenter -t "$(tenant_init "$place")" -n && { echo "the host answers at $address"; return 0; }
        done
        echo "no answer at any address of the host"
        return 1
}

weaken() { weak_tenant no-input-filter; }

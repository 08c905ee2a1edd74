# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D6: makes the host look for thousands of neighbours on its own networks
# mechanism: a packet to an address of a network that the host is on takes a neighbour entry there, found or not; a scan of a /16 fills the table
# stopped by: 256 next hops per tenant, then 8 a second (sets hops and new_hops)
# weakened: no bound (chain from_tenant flushed)

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

looked_for() { ip neigh show dev uplink0 | grep -c '^198\.18\.'; }

attack() {
        local n
        ip address add 198.18.0.1/16 dev uplink0 || broken "no network"
        ip neigh flush dev uplink0 to 198.18.0.0/16 nud all # of the run before
        in_place /attacks/flows scatter 198.18.1.0 900 || broken "not sent"
        n=$(looked_for)
        ((n > 100)) || broken "the host looked for $n"
        ((n < 600)) || breached "the host looks for $n neighbours"
        # For the neighbour it still finds one.
        tell 198.18.9.9:9 x nsenter -t "$(tenant_init "$victim")" -n
        wait_for 2 ip neigh get 198.18.9.9 dev uplink0 || broken "it looks for nobody else's"
        stopped "the host looks for $n of 900, and for the neighbour's"
}

weaken() { weak_tenant no-forward-filter; }

cleanup() { ip address delete 198.18.0.1/16 dev uplink0; }

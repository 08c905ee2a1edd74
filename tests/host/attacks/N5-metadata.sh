# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N5: asks the cloud's metadata service for the server's credentials
# mechanism: such a service (169.254.169.254, some clouds' elsewhere) answers whatever comes from the server; to it a tenant's packet is the server's
# stopped by: nothing is forwarded to these addresses (set metadata, chain from_tenant)
# weakened: nothing is dropped in chain from_tenant

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

services=(169.254.169.254 100.100.100.200 168.63.129.16)

attack() {
        local address
        for address in "${services[@]}"; do
                laptop ip address add "$address/32" dev wan0 && ip route add "$address" dev uplink0 || broken "no such address"
                serve_http "$address:80" laptop
                wait_for 5 fetch "$address:80" || broken "no metadata service"
                ! fetch "$address:80" nsenter -t "$(tenant_init "$place")" -n || breached "$address answers"
        done
        serve_http "$laptop_address:7600" laptop
        wait_for 5 fetch "$laptop_address:7600" nsenter -t "$(tenant_init "$place")" -n || broken "it reaches nobody at all"
        stopped "no answer from ${services[*]}, which the host gets"
}

weaken() { weak_tenant no-forward-filter; }

cleanup() {
        local address
        hearers_end
        for address in "${services[@]}"; do
                ip route delete "$address" 2>/dev/null
                laptop ip address delete "$address/32" dev wan0 2>/dev/null
        done
}

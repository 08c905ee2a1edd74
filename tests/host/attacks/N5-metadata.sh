# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N5: asks the cloud's metadata service for the server's credentials
# mechanism: 169.254.169.254 answers whatever comes from the server; to it a tenant's packet is the server's
# stopped by: nothing is forwarded to 169.254.0.0/16 (chain from_tenant)
# weakened: nothing is dropped in chain from_tenant

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

attack() {
        laptop ip address add 169.254.169.254/32 dev wan0 && ip route add 169.254.169.254 dev uplink0 || broken "no such address"
        serve_http 169.254.169.254:80 laptop
        wait_for 5 fetch 169.254.169.254:80 || broken "no metadata service"
        ! fetch 169.254.169.254:80 nsenter -t "$(tenant_init "$place")" -n || breached "169.254.169.254 answers"
        serve_http "$laptop_address:7600" laptop
        wait_for 5 fetch "$laptop_address:7600" nsenter -t "$(tenant_init "$place")" -n || broken "it reaches nobody at all"
        stopped "no answer from 169.254.169.254, which the host gets"
}

weaken() { weak_tenant no-forward-filter; }

cleanup() {
        hearers_end
        ip route delete 169.254.169.254
        laptop ip address delete 169.254.169.254/32 dev wan0
}

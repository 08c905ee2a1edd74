# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D12: lets an accomplice outside send it more than its share
# mechanism: what comes for a tenant takes the way through the host, too
# stopped by: Ingress= and IngressPackets= bound what is passed on to a tenant
# weakened: no limit

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"
# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

published() { nft "$1" element inet tenantd publish_udp "{ 9000 : $(tenant_address "$place") . 9000 }"; }

attack() {
        bound Ingress=1M
        published add || broken "not published"
        rate_attack "$(link_of "$place")" tx_bytes 125000 $((125000 + 131072)) laptop "$attack_programs/burn" flood 1 2 "$host_address"
}

cleanup() {
        published delete
        bounds_back
}

weaken() { weak_tenant no-rates; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N6: speaks with addresses that are nobody's or everybody's
# mechanism: the host's own address, private networks and other customers' outside ones count as trusted in many a filter
# stopped by: each interface may send from its own address only (set source), whatever its inner networks are
# weakened: no check of sources

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

attack() {
        local source
        hear "$laptop_address" 5558 laptop
        settle "$laptop_address:5558"
        inject udp "$(tenant_address "$place"):4000" "$laptop_address:5558" honest
        for source in 10.1.2.3 172.17.0.2 192.168.1.1 192.0.2.77 203.0.113.9 100.80.200.200 0.0.0.0 127.0.0.1 "$host_address" \
                224.0.0.1 255.255.255.255; do
                inject udp "$source:4000" "$laptop_address:5558" "martian-$source"
        done
        settle "$laptop_address:5558"
        came honest || broken "not even its own address comes out"
        ! came martian || breached "$(came martian)"
        stopped "its own address comes out, none of 11 others"
}

weaken() { weak_tenant no-source-check; }

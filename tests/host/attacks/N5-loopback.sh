# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N5: connects to what listens on the host's loopback only
# mechanism: a packet to 127.0.0.1 that comes by a link is delivered where route_localnet is set, as for ports published on loopback (CVE-2020-8558)
# stopped by: route_localnet is off on the host's end, and 127.0.0.0/8 is dropped before routing (chain spoof)
# weakened: route_localnet on, no check in chain spoof, nothing dropped in chain input

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

attack() {
        hear 127.0.0.1 7400
        settle 127.0.0.1:7400
        inject udp "$(tenant_address "$place"):4000" 127.0.0.1:7400 to-loopback
        settle 127.0.0.1:7400
        ! came to-loopback || breached "$(came to-loopback)"
        stopped "127.0.0.1 hears the host, not the tenant"
}

weaken() {
        weak_tenant no-source-check no-input-filter || return
        echo 1 >"/proc/sys/net/ipv4/conf/$(link_of "$place")/route_localnet"
}

unweaken() { echo 0 >"/proc/sys/net/ipv4/conf/$(link_of "$place")/route_localnet"; }

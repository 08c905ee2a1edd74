# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N6: has the host pass a packet on to the victim by a source route
# mechanism: a packet to the host names the next stop in its options; filters see the host as its destination
# stopped by: the host's end accepts no source routes, and still no way from tenant to tenant
# weakened: source routes accepted, and nothing is dropped in chain from_tenant
# needs: neighbour

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

attack() {
        hear 0.0.0.0 7500 nsenter -t "$(tenant_init "$victim")" -n
        settle "$victim_address:7500"
        # The victim's own machine would not take it either; its last stop is its own choice.
        nsenter -t "$(tenant_init "$victim")" -n sysctl -qw net.ipv4.conf.{all,eth0}.accept_source_route=1
        inject udp "$(tenant_address "$place"):4000" "$victim_address:7500" by-the-host "$host_address"
        settle "$victim_address:7500"
        ! came by-the-host || breached "$(came by-the-host)"
        stopped "the victim hears the host, and nothing by way of it"
}

weaken() {
        weak_tenant no-forward-filter || return
        sysctl -qw "net.ipv4.conf.all.accept_source_route=1" "net.ipv4.conf.$(link_of "$place").accept_source_route=1"
}

unweaken() { sysctl -qw "net.ipv4.conf.all.accept_source_route=0" "net.ipv4.conf.$(link_of "$place").accept_source_route=0"; }

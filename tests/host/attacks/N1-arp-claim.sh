# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N1: makes the host send the victim's traffic to the attacker
# mechanism: on a shared link anybody says "this address is here" by ARP, and is believed
# stopped by: no shared link; the host's ends do not speak ARP (NOARP), the neighbours there are permanent
# weakened: both tenants on one bridge
# needs: neighbour

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

poisoned() { ip neigh show to "$victim_address" | grep "$(tenant_mac "$place")"; }

attack() {
        victim_answers || broken "no victim" # so that the host has an entry to be wrong
        inject arp "$victim_address"
        ! wait_for 1 poisoned || breached "$(poisoned)"
        ip neigh show to "$victim_address" | grep -q PERMANENT || broken "the victim's entry is not permanent"
        stopped "$(ip neigh show to "$victim_address")"
}

weaken() { weak_tenant bridged; }

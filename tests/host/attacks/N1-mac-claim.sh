# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N1: makes the host's bridge send the victim's frames to the attacker
# mechanism: a bridge learns where a hardware address is from the senders of frames, and anybody writes any sender
# stopped by: no bridge between tenants: each has a link of its own
# weakened: both tenants on one bridge
# needs: neighbour

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

stolen() { bridge fdb show dev "$(link_of "$place")" | grep -i "$(tenant_mac "$victim")"; }

attack() {
        inject mac "$(tenant_mac "$victim")"
        ! wait_for 1 stolen || breached "$(stolen)"
        [[ -z $(bridge link show dev "$(link_of "$place")") ]] || broken "$(link_of "$place") is in a bridge"
        stopped "nobody learns addresses from $(link_of "$place")"
}

weaken() { weak_tenant bridged; }

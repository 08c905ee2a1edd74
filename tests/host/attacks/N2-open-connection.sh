# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N2: forges a packet that fits a connection of the victim's
# mechanism: where "established: accept" comes before the check of sources, a forged packet of a known connection passes (CVE-2025-52889 is of this kind)
# stopped by: sources are checked first of all, before connections are looked up (chain spoof, priority -450)
# weakened: no check of sources
# needs: neighbour

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

# The victim's connection is open in both directions: its word and the answer to it.
attack() {
        hear "$laptop_address" 5556 laptop
        settle "$laptop_address:5556"
        tell_port=4444 tell "$laptop_address:5556" from-victim nsenter -t "$(tenant_init "$victim")" -n
        wait_for 5 came from-victim || broken "the victim is not heard"
        tell_port=5556 tell "$(sed -n 's/ from-victim//p' "$heard" | head -n 1)" answer laptop
        inject udp "$(tenant_address "$place"):4000" "$laptop_address:5556" honest
        inject udp "$victim_address:4444" "$laptop_address:5556" forged
        settle "$laptop_address:5556"
        came honest || broken "not even its own packets come out"
        ! came forged || breached "$(came forged)"
        stopped "its own packets come out, none in the victim's connection"
}

weaken() { weak_tenant no-source-check; }

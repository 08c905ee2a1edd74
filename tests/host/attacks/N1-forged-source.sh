# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N1: speaks to the outside with the victim's address
# mechanism: whoever builds packets himself writes any source; the answers and the blame go to the victim
# stopped by: each interface may send from its own address only (set source)
# weakened: no check of sources (chain spoof, rp_filter)
# needs: neighbour

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

attack() {
        hear "$laptop_address" 5555 laptop
        settle "$laptop_address:5555"
        inject udp "$(tenant_address "$place"):4000" "$laptop_address:5555" honest
        settle "$laptop_address:5555"
        came honest || broken "not even its own address comes out"
        inject udp "$victim_address:4000" "$laptop_address:5555" forged
        settle "$laptop_address:5555"
        ! came forged || breached "$(came forged)"
        stopped "its own address comes out, $victim_address does not"
}

weaken() { weak_tenant no-source-check; }

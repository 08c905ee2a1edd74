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
        settle "$laptop_address:5556" || return
        tell_port=4444 tell "$laptop_address:5556" from-victim nsenter -t "$(tenant_init "$victim")" -n || return 2
        wait_for 5 grep from-victim "$heard" || { echo "broken: the victim is not heard"; return 2; }
        tell_port=5556 tell "$(sed -n 's/ from-victim//p' "$heard" | head -n 1)" answer laptop
        inject udp "$victim_address:4444" "$laptop_address:5556" forged || return 2
        settle "$laptop_address:5556" || return
        grep forged "$heard" || { echo "nothing comes out in the victim's connection"; return 1; }
}

weaken() { weak_tenant no-source-check; }

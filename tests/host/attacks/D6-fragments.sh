# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D6: fills the memory in which the host keeps pieces of packets
# mechanism: the first pieces of packets that never come wait for half a minute, in 4 MiB for all; then nobody's pieces are put together
# stopped by: 500 pieces a second per tenant (set fragments), a third of the time and 32 times the memory (ipfrag_time, ipfrag_high_thresh)
# weakened: no bound, and the kernel's own time and memory
# needs: neighbour

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"
# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

# The neighbour sends a packet in two pieces, of which the host makes one.
pieces_pass() { # WORD
        place=$victim inject pieces "$victim_address:4000" "$laptop_address:5559" "$1"
        settle "$laptop_address:5559"
        came "$1"
}

kept() { awk '/^FRAG:/ { print $3 " pieces in " int($5 / 1024) " KiB" }' /proc/net/sockstat; }

attack() {
        hear "$laptop_address" 5559 laptop
        settle "$laptop_address:5559"
        pieces_pass in-pieces-before || broken "no pieces pass"
        inject half "$(tenant_address "$place")" "$laptop_address" 8000
        pieces_pass in-pieces-meanwhile || breached "the neighbour's do not pass: $(kept)"
        stopped "the neighbour's pass: $(kept)"
}

weaken() {
        sysctl_for_now net.ipv4.ipfrag_time 30
        sysctl_for_now net.ipv4.ipfrag_high_thresh 4194304
        weak_tenant no-source-check
}

cleanup() {
        hearers_end
        sysctls_back
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N2: forges a packet in pieces, so that filters see none whole
# mechanism: only the first fragment has ports; filters that run on pieces, or after they were put together, see half or come too late
# stopped by: every piece has a source, which is checked before any is kept
# weakened: no check of sources
# needs: neighbour

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

attack() {
        hear "$laptop_address" 5557 laptop
        settle "$laptop_address:5557" || return
        # The tool is right: in the attacker's own name the pieces arrive as one.
        inject pieces "$(tenant_address "$place"):4000" "$laptop_address:5557" honest-and-in-pieces || return 2
        settle "$laptop_address:5557" || return
        grep -q honest-and-in-pieces "$heard" || { echo "broken: honest fragments do not arrive"; return 2; }
        inject pieces "$victim_address:4000" "$laptop_address:5557" forged-and-in-pieces || return 2
        settle "$laptop_address:5557" || return
        grep forged "$heard" || { echo "pieces from $victim_address do not come out"; return 1; }
}

weaken() { weak_tenant no-source-check; }

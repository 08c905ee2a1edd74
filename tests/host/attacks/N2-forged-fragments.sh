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
        settle "$laptop_address:5557"
        # The tool is right: in the attacker's own name the pieces arrive as one.
        inject pieces "$(tenant_address "$place"):4000" "$laptop_address:5557" honest-and-in-pieces
        inject pieces "$victim_address:4000" "$laptop_address:5557" forged-and-in-pieces
        settle "$laptop_address:5557"
        came honest-and-in-pieces || broken "honest fragments do not arrive"
        ! came forged || breached "$(came forged)"
        stopped "pieces from $(tenant_address "$place") come out, from $victim_address none"
}

weaken() { weak_tenant no-source-check; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N3: makes itself the host's IPv6 router
# mechanism: a router advertisement on a link whose other end accepts them (accept_ra) becomes a default route
# stopped by: no IPv6 on the host's end (disable_ipv6), and none passes (chain spoof)
# weakened: IPv6 on the host's end, as interfaces have it that nobody configured

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

taken() { ip -6 route show dev "$(link_of "$place")" | grep '^default.* ra '; }

attack() {
        inject advertise || return 2
        wait_for 2 taken || { echo "no IPv6 route by $(link_of "$place")"; return 1; }
        taken
}

weaken() { weak_tenant ipv6; }

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
        inject advertise
        ! wait_for 2 taken || breached "$(taken)"
        [[ -z $(ip -6 address show dev "$(link_of "$place")") ]] || broken "the host's end speaks IPv6"
        stopped "no IPv6 and no route on $(link_of "$place")"
}

weaken() { weak_tenant ipv6; }

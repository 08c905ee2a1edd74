# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N7: takes its own interface away under the host, so that the next tenant starts in the ruins
# mechanism: deleting one end of a veth pair deletes the other: the host's interface is gone, its filters' elements stay
# stopped by: nothing of the host hangs on the interface; stop and start find it gone and make it again
# weakened: the host's network namespace, where the interface is another's

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

attack() {
        local link other
        link=$(link_of "$attacker") other=$(link_of "$victim")
        # shellcheck disable=SC2016 # the place's shell expands it
        in_place_sh 'for link in "$@"; do ip link delete "$link"; done; true' sh eth0 "$other" || broken "nothing was tried"
        ip link show "$other" || breached "the victim's $other is gone"
        ! ip link show "$link" 2>/dev/null || broken "its own is still there"
        systemctl restart "tenant@$place" && ip link show "$link" || breached "it does not start again"
        stopped "its own $link was gone, and came back with a restart"
}

weaken() { raw no-userns host-net; }

# The victim's link comes back with the victim.
unweaken() {
        systemctl restart "tenant@$victim" && victim_serve
        wait_for 10 victim_answers
}

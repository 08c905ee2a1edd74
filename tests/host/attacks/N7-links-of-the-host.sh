# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N7: renames and chokes interfaces that the host and its programs count on
# mechanism: root of the network namespace changes name, MTU and alias of whatever interface it sees; programs of the host find theirs by name
# stopped by: in the tenant's namespace is its own end only; the host knows it by its number and reads nothing of it
# weakened: the host's network namespace

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

changed() { ip link show | grep -E 'mtu 1444|owned'; }

attack() {
        # shellcheck disable=SC2016 # the place's shell expands it
        in_place_sh 'cd /sys/class/net || exit 1
                for link in *; do
                        [ "$link" = lo ] && continue
                        ip link set dev "$link" mtu 1444 && ip link set dev "$link" alias "owned;\$(reboot)"
                        ip link property add dev "$link" altname "tn0;owned"
                        echo "changed $link"
                done' || broken "nothing changed"
        ! changed || breached "$(changed | head -n 1)"
        # What the host shows of it is still to be had.
        tenantctl usage "$place" >/dev/null && tenantctl status "$place" >/dev/null || breached "the host lost sight of it"
        stopped "only its own end changed"
}

weaken() { raw no-userns host-net; }

cleanup() {
        # shellcheck disable=SC2016 # the place's shell expands it
        in_place_sh 'cd /sys/class/net && for link in *; do
                [ "$link" = lo ] && continue
                ip link set dev "$link" mtu 1500 alias ""
                ip link property del dev "$link" altname "tn0;owned"
        done' >/dev/null 2>&1
}

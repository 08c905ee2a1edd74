# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N3: enters a VLAN of the host's by tagging its own frames
# mechanism: a bridge without VLAN filtering passes tagged frames on, to whoever has an interface for that VLAN
# stopped by: nothing behind the host's end takes tagged frames: it is no bridge's, and has no VLANs
# weakened: both tenants on one bridge, on which the host has a VLAN
# needs: modules

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

trunk=uplink0

attack() {
        modprobe 8021q # by the host's hand, since nothing loads it on request
        ip link add link "$trunk" name vlan7 type vlan id 7 && ip address add 198.51.100.1/24 dev vlan7 && ip link set vlan7 up || broken "no VLAN on the host"
        in_place_sh 'ip link add link eth0 name vlan7 type vlan id 7 && ip address add 198.51.100.2/24 dev vlan7 && ip link set vlan7 up' || broken "no VLAN in $place"
        hear 198.51.100.1 7100
        settle 198.51.100.1:7100
        tell 198.51.100.1:7100 in-the-vlan nsenter -t "$(tenant_init "$place")" -n
        ! wait_for 1 came in-the-vlan || breached "$(came in-the-vlan)"
        stopped "tagged frames are sent, and nothing comes out in VLAN 7"
}

weaken() { weak_tenant bridged && trunk=br9; }

cleanup() {
        hearers_end
        ip link delete vlan7
        in_place ip link delete vlan7
        modprobe -r 8021q
}

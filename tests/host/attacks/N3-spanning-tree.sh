# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N3: becomes the root of the host's spanning tree
# mechanism: bridges believe the best configuration message that they get; its sender then decides which links are used
# stopped by: no bridge between tenants
# weakened: both tenants on one bridge, which speaks STP

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

taken() { grep -is "$(tenant_mac "$place" | tr -d :)" /sys/class/net/*/bridge/root_id; }

attack() {
        [[ ! -d /sys/class/net/br9 ]] || ip link set br9 type bridge stp_state 1 || broken "no STP"
        inject bridge
        ! wait_for 2 taken || breached "$(taken)"
        [[ -z $(bridge link show dev "$(link_of "$place")") ]] || broken "$(link_of "$place") is in a bridge"
        stopped "$(link_of "$place") is in no bridge, and none has it as root"
}

weaken() { weak_tenant bridged; }

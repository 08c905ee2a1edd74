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
        [[ ! -d /sys/class/net/br9 ]] || ip link set br9 type bridge stp_state 1 || return 2
        inject bridge || return 2
        wait_for 2 taken || { echo "no bridge of the host has it as root"; return 1; }
        taken
}

weaken() { weak_tenant bridged; }

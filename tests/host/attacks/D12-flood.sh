# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D12: sends packets as fast as it can make them
# mechanism: a packet's way through the host is work of the kernel's, in interrupts and in whatever process is there; small ones cost as much as long ones
# stopped by: EgressPackets= (100000 a second by default), before anything is done with them, and the sender's share of the processors
# weakened: no limit of packets, no limits of its cgroup
# needs: controllers neighbour

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"
# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() {
        bound EgressPackets=500
        level requests sh -c 'exec /attacks/burn flood 16 "$1" '"$laptop_address" flood
        level_verdict
}

weaken() { weak_tenant no-rates; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D12: sends more packets than the host can route
# mechanism: a packet is work for the kernel, outside of any cgroup's account, however short it is
# stopped by: EgressPackets= (100000 a second by default), before anything is done with them
# weakened: no limit

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"
# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() {
        bound EgressPackets=300
        rate_attack uplink0 tx_packets 300 60 in_place /attacks/burn flood 4 2 "$laptop_address"
}

weaken() { weak_tenant no-rates; }

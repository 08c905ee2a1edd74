# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D12: fills the host's uplink
# mechanism: an uplink is one for all, and whoever sends most gets most of it
# stopped by: Egress= bounds what a tenant sends, where it comes into the host
# weakened: no limit

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"
# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() {
        bound Egress=1M
        rate_attack uplink0 tx_bytes 125000 $((125000 + 131072)) in_place /attacks/burn flood 4 2 "$laptop_address"
}

weaken() { weak_tenant no-rates; }

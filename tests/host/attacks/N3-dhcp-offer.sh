# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N3: gives the victim an address and a gateway by DHCP
# mechanism: a DHCP offer is a broadcast from anybody; the first who answers configures the machine
# stopped by: no shared link; broadcasts end at the host, which forwards none
# weakened: both tenants on one bridge
# needs: neighbour

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

attack() {
        hear 0.0.0.0 68 nsenter -t "$(tenant_init "$victim")" -n
        settle "$victim_address:68"
        inject dhcp "$(tenant_address "$place")"
        settle "$victim_address:68"
        # By its magic cookie (63 82 53 63): where the host filters what a bridge carries, the offer was given another port.
        ! came 'c\.Sc' || breached "the victim hears $(came 'c\.Sc')"
        stopped "the victim, who listens at port 68, hears no offer"
}

weaken() { weak_tenant bridged; }

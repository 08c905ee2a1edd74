# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N4: reaches the victim round the wall, by its published port on the host
# mechanism: the port is translated on whichever address of the host it is asked at, also for those inside (hairpin)
# stopped by: no translation for tenants (chain publish), and still no way from tenant to tenant
# weakened: translation for all, and nothing is dropped in chain from_tenant
# needs: neighbour

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

attack() {
        local address
        publish tcp 7200 "$victim_port" || return 2
        laptop "$attack_programs/request" "$host_address" 7200 0 || { echo "broken: not published"; return 2; }
        for address in "$host_address" "$gateway"; do
                in_place /attacks/request "$address" 7200 0 && { echo "the victim answers at $address"; return 0; }
        done
        echo "no answer at $host_address and $gateway"
        return 1
}

weaken() { weak_tenant hairpin; }

cleanup() { unpublish tcp 7200; }

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
        publish tcp 7200 "$victim_port" && laptop "$attack_programs/request" "$host_address" 7200 0 || broken "not published"
        for address in "$host_address" "$gateway"; do
                ! in_place /attacks/request "$address" 7200 0 || breached "the victim answers at $address"
        done
        stopped "no answer at $host_address:7200, which others get, nor at $gateway"
}

weaken() { weak_tenant hairpin; }

cleanup() { unpublish tcp 7200; }

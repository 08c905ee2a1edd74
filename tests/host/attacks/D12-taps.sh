# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D12: slows down every packet of the host by many packet sockets
# mechanism: the kernel hands each packet, of any network namespace, to each socket for all protocols, which then finds that it is not meant
# stopped by: seccomp: there are no packet sockets
# weakened: PacketSockets=yes
# needs: kernel

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

taps=300

# What the host's packets pass: the kernel's list, by which it is seen before the cost is.
passed() { awk '$1 == "ALL"' /proc/net/ptype | wc -l; }

attack() {
        local before status=0 said
        becomes_plain
        before=$(passed)
        said=$(in_place /attacks/exhaust taps 1 0) || status=$?
        [[ $status -ne 100 ]] || stopped "$said"
        noise /attacks/exhaust taps "$taps" "$((60 * time_scale))"
        wait_for 60 has_all exhaust || broken "it does not come to an end: $(<"$noise_said")"
        said=$(($(passed) - before))
        ((said < taps)) || breached "each packet of the host passes $said of its sockets"
        broken "each packet of the host passes $said of its $taps sockets"
}

weaken() { weak_tenant; }

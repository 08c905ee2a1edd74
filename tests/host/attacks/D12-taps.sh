# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D12: slows down every packet of the host by many packet sockets
# mechanism: the kernel hands each packet, of any network namespace, to each socket for all protocols, which then finds that it is not meant
# stopped by: seccomp: there are no packet sockets
# weakened: PacketSockets=yes
# needs: kernel neighbour

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

# By several processes, since each closing waits for the whole machine.
processes=4 taps=700

attack() {
        local status=0 said
        becomes_plain
        said=$(in_place /attacks/exhaust taps 1 0) || status=$?
        [[ $status -ne 100 ]] || stopped "$said"
        undisturbed=$(victim_rate "$window")
        noise sh -c "for i in $(seq -s ' ' "$processes"); do /attacks/exhaust taps $taps $((60 * time_scale)) & done; wait"
        wait_for 60 all_open || broken "it does not come to an end: $(<"$noise_said")"
        disturbed=$(victim_rate "$window")
        kept=$((100 * ${disturbed%.*} / ${undisturbed%.*}))
        said="the neighbour keeps $kept%"
        ((kept >= kept_level)) || breached "$said"
        broken "$said"
}

all_open() {
        local pid open=0
        for pid in $(pgrep -x exhaust); do
                open=$((open + $(find "/proc/$pid/fd" -lname 'socket:*' | wc -l)))
        done
        ((open >= processes * taps))
}

weaken() { weak_tenant; }

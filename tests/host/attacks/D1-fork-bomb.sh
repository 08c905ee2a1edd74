# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D1: a fork bomb whose processes stay and spin
# mechanism: processes, and the processors' time, are given to whoever asks; kernel.pid_max is one for all
# stopped by: TasksMax= of a cgroup above the one that the tenant may write; its processor time is its own share
# weakened: no cgroup of its own
# needs: controllers neighbour

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

most=0 size=500 grown=200
noise_is_on() {
        most=$(pidof burn | wc -w)
        ((most > grown))
}

attack() {
        bound TasksMax=300
        level requests /attacks/burn bomb "$size"
        ((most <= 300)) || breached "$most processes, $(level_words)"
        echo "$most processes of $size"
        level_verdict
}

# So few that the host can still be asked: beside 500 that nothing bounds, each answer of it takes 500 times as long.
weaken() {
        size=8 grown=6
        raw host-cgroup
}

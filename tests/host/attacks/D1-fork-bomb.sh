# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D1: a fork bomb whose processes stay and spin
# mechanism: processes, and the processors' time, are given to whoever asks; kernel.pid_max is one for all
# stopped by: TasksMax= of a cgroup above the one that the tenant may write; its processor time is its own share
# weakened: no cgroup of its own
# needs: controllers neighbour

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

most=0
noise_is_on() {
        most=$(pidof burn | wc -w)
        ((most > 200))
}

attack() {
        bound TasksMax=300
        level requests /attacks/burn bomb 500
        ((most <= 300)) || breached "$most processes, $(level_words)"
        echo "$most processes of 500"
        level_verdict
}

weaken() { raw host-cgroup; }

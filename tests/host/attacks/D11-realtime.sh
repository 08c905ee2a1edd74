# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D11: computes above all other processes (SCHED_FIFO)
# mechanism: a realtime process runs until it pleases to wait; the kernel keeps 5 percent for everybody else
# stopped by: CAP_SYS_NICE of a user namespace does not count, and RLIMIT_RTPRIO is 0 (sched_setscheduler)
# weakened: no user namespace, no cgroup of its own
# needs: kernel neighbour

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() {
        local before during status=0 said
        said=$(in_place /attacks/burn realtime 1 0) || status=$?
        ((status != status_stopped)) || stopped "$said"
        before=$(requests)
        # One for each processor; over by itself, since nobody else might get to end it, or to see that it is there.
        noise /attacks/burn realtime "$(nproc)" "$((4 * window))"
        sleep 1
        during=$(requests)
        noise_wait 20
        [[ $(<"$noise_said") == *"realtime: $(nproc) processes"* ]] || broken "no noise: $(<"$noise_said")"
        breached "realtime: the neighbour answers $during of $before a second"
}

weaken() { raw no-userns host-cgroup; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# X7: cannot be stopped: its deaf init says itself that it stops, and all forks in a storm
# mechanism: systemd takes a unit that says STOPPING=1 for one that ends by itself: it sends no signal, and kills pid by pid when time is up
# stopped by: what is passed on to systemd starts the runner's --stop-time= too, which ends before TimeoutStopSec= of the unit
# weakened: no limit of time in runner and unit

patience=20
probe() {
        local begun
        deaf_init || return 2
        in_place /attacks/storm 4 600 || return 2
        begun=$SECONDS
        in_place /attacks/news say STOPPING=1 || return 2
        wait_for 5 deactivating || { echo "broken: the unit does not stop"; return 2; }
        if wait_for "$patience" ended "$place" && host_answers; then
                echo "ended after $((SECONDS - begun)) s"
                return 1
        fi
        echo "still $(systemctl is-active "tenant@$place") after $((SECONDS - begun)) s"
}

attack() { judged_by probe; }

deactivating() { [[ $(systemctl is-active "tenant@$place") != active ]]; }

weaken() {
        # shellcheck disable=SC2034 # for deaf_init
        stop_time=0 patience=6
        weak_tenant no-stop-limit
}

cleanup() { deaf_init_end; }

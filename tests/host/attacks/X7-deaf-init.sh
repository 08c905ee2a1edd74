# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# X7: cannot be stopped: its init ignores the halt signal and all others
# mechanism: a stop asks init, and waits for it
# stopped by: --stop-time= of the runner, which then kills the pid namespace; TimeoutStopSec= of the unit behind it
# weakened: no limit of time in runner and unit

patience=20
probe() {
        local begun=$SECONDS
        deaf_init || return 2
        systemctl stop --no-block "tenant@$place"
        if wait_for "$patience" inactive "$place"; then
                echo "stopped after $((SECONDS - begun)) s"
                return 1
        fi
        echo "still $(systemctl is-active "tenant@$place") after $((SECONDS - begun)) s"
}

attack() { judged_by probe; }

weaken() {
        # shellcheck disable=SC2034 # for deaf_init
        stop_time=0 patience=6
        weak_tenant no-stop-limit
}

cleanup() { deaf_init_end; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# X8: makes the host's systemd take a process of the host's for the tenant's main process, and kill it
# mechanism: MAINPID= in a notification; systemd believes it when the sender is root, which a proxy is
# stopped by: of what init says, only READY, STOPPING and a cleaned STATUS are passed on
# weakened: a runner that passes notifications on as they are

probe() {
        local before
        before=$(runner_of "$place")
        sleep 1000 &
        in_place /attacks/news say "MAINPID=$!" STATUS=arrived || return 2
        wait_for 5 status_arrived || { echo "broken: nothing is heard of the status"; return 2; }
        if [[ $(runner_of "$place") != "$before" ]]; then
                systemctl stop "tenant@$place"
                echo "main process was $! (sleep); after a stop it is $(kill -0 $! 2>/dev/null && echo alive || echo dead)"
                return 0
        fi
        kill $!
        echo "main process is tenant-run, as before"
        return 1
}

attack() { judged_by probe; }

status_arrived() { [[ $(systemctl show -P StatusText "tenant@$place") == arrived ]]; }

weaken() { weak_tenant naive-notify; }

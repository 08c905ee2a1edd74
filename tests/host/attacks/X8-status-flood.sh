# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# X8: makes the host's systemd tell the whole bus of its status, thousands of times a second
# mechanism: each STATUS= of a notification is a signal to all who watch the unit
# stopped by: a status is passed on once a second, the last one of those that came
# weakened: a runner that passes notifications on as they are

status_log=/run/test-host/status.log monitor=

probe() {
        local seconds=5 signals
        busctl monitor --json=short --match "type='signal',interface='org.freedesktop.DBus.Properties',path='$(unit_path)'" >"$status_log" 2>&1 &
        monitor=$!
        wait_for 10 grep -q 'Monitoring bus' "$status_log" || return 2
        in_place /attacks/news flood $seconds || return 2
        kill "$monitor"
        wait "$monitor" 2>/dev/null
        monitor=
        signals=$(grep -c StatusText "$status_log")
        [[ $signals -ge 1 ]] || { echo "broken: no status was passed on"; return 2; }
        echo "$signals signals in $seconds s"
        [[ $signals -gt 50 ]]
}

attack() { judged_by probe; }

unit_path() { busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager LoadUnit s "tenant@$place.service" | cut -d '"' -f 2; }

weaken() { weak_tenant naive-notify; }

cleanup() {
        [[ -z $monitor ]] || kill "$monitor" 2>/dev/null # the attack ended early
        rm -f "$status_log"
}

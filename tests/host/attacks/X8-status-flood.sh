# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# X8: makes the host's systemd tell the whole bus of its status, thousands of times a second
# mechanism: each STATUS= of a notification is a signal to all who watch the unit
# stopped by: a status is passed on once a second, the last one of those that came
# weakened: a runner that passes notifications on as they are

probe() {
        local log=/run/test-host/status.log seconds=5 signals
        busctl monitor --json=short --match "type='signal',interface='org.freedesktop.DBus.Properties',path='$(unit_path)'" >"$log" 2>&1 &
        wait_for 10 grep -q 'Monitoring bus' "$log"
        in_place /attacks/news flood $seconds || return 2
        kill $!
        wait $! 2>/dev/null
        signals=$(grep -c StatusText "$log")
        rm -f "$log"
        echo "$signals signals in $seconds s"
        [[ $signals -gt 50 ]]
}

attack() { judged_by probe; }

unit_path() { busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager LoadUnit s "tenant@$place.service" | cut -d '"' -f 2; }

weaken() { weak_tenant naive-notify; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D13: writes to every terminal of the host, by an emergency on its console
# mechanism: a line that begins with "<0>" has that priority in the journal, which sends emergencies to all who are logged in
# stopped by: a priority and a mark of the runner's stand before each line
# weakened: a unit that passes a container's console on as it comes

emit() { in_place_sh 'echo; echo "<0>it burns" >/dev/console'; }
priority() { journalctl -o json -u "tenant@$place" | jq -r 'select(.MESSAGE | tostring | test("it burns")) | .PRIORITY' | head -n 1; }

probe() {
        emit
        wait_for 10 heard || return 2
        echo "priority $(priority)"
        [[ $(priority) == 0 ]]
}

attack() { judged_by probe; }

heard() { [[ -n $(priority) ]]; }

weaken() {
        raw || return 2
        emit() {
                systemd-run --quiet --wait --property=SyslogIdentifier=shout -- \
                        "$attack_programs/raw" enter "$raw_store/$place" echo "<0>it burns"
        }
        priority() { journalctl -o json -t shout | jq -r 'select(.MESSAGE == "it burns") | .PRIORITY' | head -n 1; }
}

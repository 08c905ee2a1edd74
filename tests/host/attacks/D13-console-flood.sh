# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D13: pushes the host's own lines out of its journal by writing to its console without end
# mechanism: the console of a container goes to the host's journal, which has one size for all
# stopped by: 600 lines at once and one a second after that, read and dropped beyond; LogRateLimitBurst= of the unit for one that reboots
# weakened: a unit that passes a container's console on as it comes

journal_lines() {
        journalctl --sync
        journalctl -o cat "${journal_match[@]:-"--unit=tenant@$place"}" | wc -l
}
flood() { in_place timeout "$1" sh -c 'yes "the operator is to read this and nothing else" >/dev/console'; }

probe() {
        local before lines ticks
        before=$(journal_lines) ticks=$(runner_ticks)
        flood 5
        lines=$(($(journal_lines) - before))
        echo "$lines lines in the journal after 5 s of flood; the runner took $((($(runner_ticks) - ticks) * 10)) ms"
        [[ $lines -gt 3000 ]] && return 0
        [[ $lines -ge 100 ]] || { echo "broken: hardly anything was said"; return 2; }
        ! is_raw "$place" || return 1
        timeout "$((20 * time_scale))" tenantctl run "$place" -- true || { echo "it does not answer any more"; return 0; }
        [[ $((($(runner_ticks) - ticks) * 10)) -lt $((2500 * time_scale)) ]] || { echo "the runner is kept busy"; return 0; }
        return 1
}

attack() { judged_by probe; }

# Of its processor time; user and system.
runner_ticks() { awk '{ print $14 + $15 }' "/proc/$(runner_of "$place")/stat" 2>/dev/null || echo 0; }

weaken() {
        raw || return 2
        journal_match=(-t flood)
        flood() {
                systemd-run --quiet --wait --unit=flood --property=LogRateLimitIntervalSec=0 --property=SyslogIdentifier=flood -- \
                        timeout "$1" "$attack_programs/raw" enter "$raw_store/$place" sh -c 'yes "the operator is to read this and nothing else" | head -n 20000'
        }
        runner_ticks() { echo 0; }
}

# What it may say is used up.
cleanup() { is_raw "$place" || systemctl restart "tenant@$place"; }

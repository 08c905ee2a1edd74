# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D13: pushes the host's own lines out of its log by having its processes killed for want of memory
# mechanism: each of those reports names every process of the cgroup, a line each, and may come twice a second without end
# stopped by: sysctl: vm.oom_dump_tasks=0, the list is left out (a line for each process that is killed stays)
# weakened: with the kernel's own setting
# needs: kernel controllers

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

processes=300

log_lines() { journalctl -q -k -o cat --after-cursor="$1"; }
reports() { log_lines "$1" | grep -q 'Memory cgroup out of memory'; }

crowded() { [[ $(in_place pgrep -c -x sleep) -ge $processes ]]; }

probe() {
        local cursor lines
        journalctl --sync
        cursor=$(journalctl -q -k -n 1 -o json | jq -r .__CURSOR)
        # In another cgroup than the one that is killed: of that, each process has a line anyway.
        in_place systemd-run --quiet --unit=crowd --property=TasksMax=infinity bash -c "for ((i = 0; i < $processes; i++)); do sleep 300 & done; wait" || return 2
        wait_for 60 crowded || return 2
        in_place_may_fail=1 in_place bash -c "head -c 2G /dev/zero | tail -c 2G | wc -c" >/dev/null
        in_place systemctl stop crowd
        wait_for 20 reports "$cursor" || return 2
        journalctl --sync
        lines=$(log_lines "$cursor" | wc -l)
        echo "a kill beside $processes processes is $lines lines of the host's log"
        ((lines >= processes))
}

attack() {
        bound MemoryMax=256M
        judged_by probe
}

weaken() { sysctl_for_now vm.oom_dump_tasks 1; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D17: cannot be stopped: its processes wait for a file system that does not answer, where no signal reaches them
# mechanism: a request that a FUSE server has read is waited for, after SIGKILL too, as long as somebody has its device open
# stopped by: the server dies with the pid namespace, by which the kernel ends its file system; the device cannot be parked with the runner
# weakened: processes are killed one by one, and each is waited for

stop() { timeout "$((60 * time_scale))" systemctl stop "tenant@$place"; }

probe() {
        local begun=$SECONDS
        in_background hang /attacks/fuse /mnt all parked || return 2
        in_background reader sh -c 'for i in 1 2 3; do setsid cat /mnt/file$i >/dev/null 2>&1 & done' || return 2
        wait_for 5 undead || { echo "broken: nobody waits"; return 2; }
        begun=$SECONDS
        stop
        if undead; then
                echo "processes that do not die are left after $((SECONDS - begun)) s"
                return 0
        fi
        echo "stopped after $((SECONDS - begun)) s"
        [[ $((SECONDS - begun)) -gt $((30 * time_scale)) ]]
}

attack() { judged_by probe; }

undead() { pgrep -f '^cat /mnt/file' >/dev/null; }

weaken() {
        raw || return 2
        stop() {
                pkill -KILL -f '^cat /mnt/file'
                ! wait_for 5 gone
        }
}

gone() { ! undead; }

cleanup() {
        background_end fuse
        is_raw "$place" || systemctl start "tenant@$place"
}

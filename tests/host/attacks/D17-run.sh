# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D17: holds up the operator's program, and the agent with it, on a file system that does not answer
# mechanism: who enters the tenant looks for the program there; on FUSE that wait ends by no signal, not even SIGKILL
# stopped by: a process of the tenant's waits there, not the agent; Run has a limit of time, for its end too
# weakened: entered without a limit of time

patience=20 # who has no limit at all is not waited for that long
run() { tenantctl run --timeout="$((3 * time_scale))" "$place" -- "$@"; }

probe() {
        local begun=$SECONDS
        in_background hang /attacks/fuse /mnt lookup || return 2
        run /mnt/program &
        if ! wait_for "$patience" gone $!; then
                echo "still waiting after $((SECONDS - begun)) s, in state $(state)"
                return 0
        fi
        timeout "$((20 * time_scale))" tenantctl run "$place" -- true || { echo "nothing can be run any more"; return 0; }
        timeout "$((20 * time_scale))" tenantctl list >/dev/null || { echo "the agent does not answer"; return 0; }
        echo "given up after $((SECONDS - begun)) s; the agent goes on"
        return 1
}

attack() { judged_by probe; }

gone() { ! kill -0 "$1" 2>/dev/null; }
state() { ps -o stat= -p "$(pgrep -n -x 'raw|exec-shim')" 2>/dev/null; }

weaken() {
        raw || return 2
        patience=4
        run() { "$attack_programs/raw" enter "$raw_store/$place" "$@" </dev/null; }
}

cleanup() { background_end fuse; }

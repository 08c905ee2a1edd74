# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# X6: outlives its own stop: every process is replaced by its child before a signal can be sent to it
# mechanism: who kills by pid reads a list that is old when it is read, and may hit whoever has the pid by then
# stopped by: the pid namespace ends with its init, in which nothing can be born meanwhile; cgroup.kill for what is beside it
# weakened: stopped pid by pid: SIGTERM, a moment, SIGKILL

stop() {
        timeout "$((40 * time_scale))" systemctl stop "tenant@$place"
}

probe() {
        local i sentinels=() group begun left
        is_raw "$place" || deaf_init || return 2
        group=$(storm_group)
        in_place_sh 'mkdir -p /sys/fs/cgroup/storm && echo $$ >/sys/fs/cgroup/storm/cgroup.procs && exec /attacks/storm 4 600' || return 2
        wait_for 5 stormy "$group" || { echo "broken: there is no storm"; return 2; }
        for i in {1..20}; do
                sleep 1000 &
                sentinels+=($!)
        done
        begun=$SECONDS
        stop
        left=$(cat "$group/cgroup.procs" 2>/dev/null | wc -l)
        for i in "${sentinels[@]}"; do
                kill "$i" || { echo "a process of the host's was killed"; return 0; }
        done
        echo "$left processes of the storm are left after $((SECONDS - begun)) s"
        [[ $left -gt 0 ]]
}

attack() { judged_by probe; }

storm_group() {
        if is_raw "$place"; then
                echo "$(cat "$raw_store/$place/cgroup")/storm"
        else
                echo "/sys/fs/cgroup/tenant.slice/tenant@$place.service/payload/storm"
        fi
}

stormy() { [[ $(wc -l <"$1/cgroup.procs") -ge 2 ]]; }

weaken() {
        raw || return 2
        stop() {
                local pids
                mapfile -t pids <"$(storm_group)/cgroup.procs"
                kill -TERM "${pids[@]}"
                wait_for 1 gone "${pids[@]}"
                kill -KILL "${pids[@]}" 2>/dev/null
        }
}

gone() {
        local pid
        for pid; do
                [[ ! -e /proc/$pid ]] || return 1
        done
}

cleanup() { is_raw "$place" || deaf_init_end; }

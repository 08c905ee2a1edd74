# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# P2: puts a /proc of its own where a program that the host starts inside is to be confined by writing to /proc
# mechanism: attach confines its child by the container's /proc, which takes every write and does nothing (CVE-2015-1334 of lxc)
# stopped by: all of it is done by system calls, or by the host's /proc before anything of the tenant is entered
# weakened: a host that enters first and writes to /proc then

# shellcheck source=tests/host/attacks/paths.sh
. "$here/paths.sh"

# FIFOs, that a reader would wait for, where the host would read.
fake='mount -t tmpfs fake /proc && mkdir -p /proc/self/attr/apparmor /proc/self/fd /proc/sys/kernel /proc/1 &&
        for file in oom_score_adj attr/current attr/exec attr/apparmor/exec uid_map; do : >/proc/self/$file; done &&
        for file in self/status self/cgroup 1/status mounts; do mkfifo /proc/$file; done'

attack() {
        local honest faked
        honest=$(confinement 77771) || broken "no program was seen: $honest"
        in_place_sh "$fake" || broken "no fake /proc"
        faked=$(confinement 77772) || breached "the host does not run anything there any more: $faked"
        if [[ $faked != "$honest" ]]; then
                breached "with the fake one: $(diff <(echo "$honest") <(echo "$faked") | sed -n 's/^> //p' | paste -sd ' ')"
        fi
        [[ $honest == *"seccomp 2"* && $honest == *"oom_score_adj 0"* ]] || broken "not confined at all: $honest"
        stopped "the same with it: $(paste -sd ' ' <<<"$honest" | cut -c 1-120)"
}

# What a program that sleeps for SECONDS may do, by the host's own /proc.
confinement() { # SECONDS
        local pid
        run_inside sleep "$1" &
        wait_for 10 found "$1" || { echo "sleep $1 is not there"; return 1; }
        pid=$(found "$1")
        echo "oom_score_adj $(<"/proc/$pid/oom_score_adj")"
        awk '/^(Seccomp|CapBnd|NoNewPrivs):/ { print tolower(substr($1, 1, length($1) - 1)), $2 }' "/proc/$pid/status"
        echo "map $(awk '{ print $1, $2, $3 }' "/proc/$pid/uid_map")"
        echo "label $(cat "/proc/$pid/attr/current" 2>/dev/null | tr -d '\0')"
        sed -n 's,^0::,cgroup ,p' "/proc/$pid/cgroup" | sed 's/tenantd\.run\.[0-9a-f.]*/run/'
        kill -KILL "$pid"
        wait
}

found() { pgrep -xf "sleep $1"; }

run_inside() {
        if is_tenant; then
                in_place_may_fail=1 in_place "$@"
        else
                naive_enter "$@"
        fi
}

# A program of the container's is to be the first that the kernel kills for want of memory.
naive_enter() {
        # shellcheck disable=SC2016 # the shell there expands it
        nsenter -t "$(tenant_init "$place")" -m -p -r -w sh -c 'echo 700 >/proc/self/oom_score_adj; exec "$@"' sh "$@"
}

weaken() { raw no-userns; }

cleanup() {
        pkill -KILL -xf 'sleep 7777[12]'
        start_again # its mounts end with it
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D1: a fork bomb in a container of the tenant's own Docker, --privileged and without limits
# mechanism: a limit that Docker sets for a container can be left out by who starts it
# stopped by: TasksMax= of a cgroup above all that the tenant and its Docker make
# weakened: no cgroup of its own
# needs: controllers neighbour docker

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

# With so little of the processors a container takes minutes to begin.
bounds_come=while
begins=20
most=0 size=500 grown=30
noise_is_on() {
        most=$(pidof burn | wc -w)
        ((most > grown))
}

bomb() { level requests sh -c 'exec docker run --rm --privileged --pids-limit=-1 --network=none bomb /attacks/burn bomb '"$size"' "$1"' bomb; }

attack() {
        prepare || broken "no Docker"
        bound TasksMax=300
        bomb
        ((most <= 300)) || breached "$most processes, $(level_words)"
        echo "$most processes of $size"
        level_verdict
}

docker_answers() { in_place_may_fail=1 in_place docker version; }

prepare() { wait_for 20 docker_answers && in_place_sh 'tar -C / -cf - attacks/burn | docker import - bomb'; }

# Without Docker in a raw container the bomb is what a container of it would be.
weaken() {
        prepare() { :; }
        size=8 grown=6
        bomb() { level requests /attacks/burn bomb "$size"; }
        raw host-cgroup
}

cleanup() {
        noise_end
        bounds_back
        is_raw "$place" || in_place docker image rm --force bomb
}

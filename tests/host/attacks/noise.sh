# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# noise.sh: for attacks on what all share (D); an attack sources it itself. What the neighbour and the host still get while something is
# being taken. Everything that is taken has a bound of its own, above what the tenant's limits allow, so that a host without limits
# outlives it. Service levels are ratios of windows that alternate between undisturbed and disturbed, since no two minutes of an
# emulated machine are alike. Refuses to judge while the noise is not there.

window=${NOISE_WINDOW:-2} # seconds of one measurement
rounds=${NOISE_ROUNDS:-7}
begins=10 # seconds within which the noise begins
bounds_come=before # the noise; "while": it goes on, and the host still obeys
# What a neighbour has to keep of its undisturbed rate, in percent.
kept_level=80
sure=12
# What an operator gives whoever must not be in the way of others. The weight counts most: a quota is used up on all processors at once,
# and for as long as that takes nobody else has one.
level_bounds=(CPUWeight=1 CPUQuota=10%)
noise_pid=

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# --- what ends by itself ---------------------------------------------------------------------------------------------

# noise COMMAND...: in the current place, in the background; its output is $noise_said. Over when it ends or noise_end is called.
noise() {
        noise_said=/run/test-host/noise.$BASHPID
        # An attack may use up its own place so far that its program cannot even be told to end.
        in_place_may_fail=1 in_place "$@" >"$noise_said" 2>&1 &
        noise_pid=$!
        disown
}

noise_processes() { pidof burn hog exhaust fill flows inject; }

# Also when the client that ran it is gone, it may still be at it.
noise_over() { { [[ -z $noise_pid ]] || raw_gone "$noise_pid"; } && ! noise_processes; }

noise_wait() { wait_for "$1" noise_over || noise_end; } # SECONDS

noise_end() {
        local pids
        read -ra pids < <(noise_processes)
        [[ ${#pids[@]} -eq 0 ]] || kill -KILL "${pids[@]}" 2>/dev/null
        [[ -z $noise_pid ]] || kill "$noise_pid" 2>/dev/null
        wait_for 20 noise_over
        rm -f "/run/test-host/noise.$BASHPID"
}

cleanup() {
        noise_end
        bounds_back
        sysctls_back
}

# --- what an operator would give ---------------------------------------------------------------------------------------

# bound KEY=VALUE...: the attacker has these limits until the attack ends, given while it runs; what is weakened goes without.
bounds=() # the keys
bound() {
        local key
        [[ $place == "$attacker" ]] || return 0
        for key in "${@%%=*}"; do
                [[ " ${bounds[*]} " == *" $key "* ]] || bounds+=("$key")
        done
        tenantctl --quiet set "$place" "$@" || broken "no limits: $*"
}

# bounds_back [KEY...]: these, or all, as the test bed gives them, or nothing.
bounds_back() {
        local key value setting settings=() keys=("$@")
        [[ $# -gt 0 ]] || keys=("${bounds[@]}")
        [[ $place == "$attacker" && ${#keys[@]} -gt 0 ]] || return 0
        for key in "${keys[@]}"; do
                value=
                for setting in "${bed_settings[@]}"; do
                        [[ $setting != "$key="* ]] || value=${setting#*=}
                done
                settings+=("$key=$value")
        done
        tenantctl --quiet set "$place" "${settings[@]}"
}

# --- service levels --------------------------------------------------------------------------------------------------

# level RATE COMMAND...: what RATE says, alternately with and without COMMAND going on in the place, which takes a number of seconds
# as its last argument. Sets $undisturbed and $disturbed (the last), $kept (percent, median of the rounds) and $host_ms (the slowest
# answer of the host meanwhile). As many rounds as it takes to be sure: two, when the level is far on the side where it should be, and all
# when it is not: two may have been disturbed by others. An attack that has to grow first has a noise_is_on of its own.
level() {
        local rate=$1 round ratios='' ms
        host_ms=0 kept=$kept_level
        for ((round = 0; round < rounds; round++)); do
                [[ $round -lt 2 ]] || ! level_is_sure || break
                undisturbed=$("$rate")
                [[ $bounds_come != before ]] || bound "${level_bounds[@]}"
                noise "${@:2}" "$((window * 2 + 12 * time_scale))"
                wait_for "$begins" noise_is_on || broken "no noise: $(<"$noise_said")"
                [[ $bounds_come != while ]] || bound "${level_bounds[@]}"
                disturbed=$("$rate" || echo 0)
                noise_is_on || broken "the noise ended early: $(<"$noise_said")"
                ms=$(milliseconds host_answers 2>/dev/null) || ms=$((60000 * time_scale))
                ((ms <= host_ms)) || host_ms=$ms
                noise_end
                [[ $bounds_come != while ]] || bounds_back "${level_bounds[@]%%=*}"
                ratios+=$((${undisturbed%.*} > 0 ? 100 * ${disturbed%.*} / ${undisturbed%.*} : 0))$'\n'
                kept=$(printf '%s' "$ratios" | median)
        done
}

level_is_sure() {
        if [[ $place == "$attacker" ]]; then
                ((kept >= kept_level + sure))
        else
                ((kept <= kept_level - sure))
        fi
}

noise_is_on() { noise_processes >/dev/null; }

level_words() { echo "the neighbour keeps $kept% (last $disturbed of $undisturbed a second), the host answers in $host_ms ms"; }

# level_verdict: by that. The host is responsive when manager, bus and agent answer within two seconds (scaled).
level_verdict() {
        ((kept >= kept_level)) || breached "$(level_words)"
        ((host_ms <= 2000 * time_scale)) || breached "$(level_words)"
        stopped "$(level_words)"
}

requests() { victim_rate "$window"; }

# burn_attack KIND PROCESSES: burn's, judged by the neighbour's requests. Where nothing bounds it so few that the host can still be asked.
burn_attack() {
        local processes=$2
        ! is_raw "$place" || processes=6
        level requests /attacks/burn "$1" "$processes"
        level_verdict
}

# has_all PROGRAM: its first process sleeps when it has what it gets, and is gone when its limits ended it.
has_all() {
        local pid
        pid=$(pgrep -o -x "$1") || { noise_over; return; }
        [[ $(awk '{ print $1 }' "/proc/$pid/syscall") =~ ^(35|230)$ ]] # nanosleep, clock_nanosleep
}

# --- memory ----------------------------------------------------------------------------------------------------------

memory_free() { awk '/^MemFree:/ { print int($2 / 1024) }' /proc/meminfo; }

# memory_attack KIND: is more of the host's memory gone than the tenant may have, at any moment?
memory_limit=384 memory_tried=600 # MiB
memory_attack() {
        local before least now said has
        bound MemoryMax="${memory_limit}M"
        sync
        echo 3 >/proc/sys/vm/drop_caches
        before=$(memory_free) least=$before
        noise /attacks/hog "$1" "$memory_tried" "$((5 * time_scale))"
        wait_for 5 noise_is_on || broken "no noise: $(<"$noise_said")"
        # Looked at once more when it says that it has all.
        while
                has=
                ! has_all hog || has=all
                now=$(memory_free)
                ((now >= least)) || least=$now
                [[ -z $has ]] && ((before - least < memory_tried * 9 / 10))
        do :; done
        said=$(<"$noise_said")
        noise_end
        ((before - least < memory_tried * 9 / 10)) || breached "$((before - least)) MiB of the host are gone"
        ((before - least > 50)) || broken "it took only $((before - least)) MiB: $said"
        stopped "$((before - least)) MiB of the host, of $memory_tried that were tried"
}

# uncharged_attack KIND: memory that the kernel charges to nobody: does the place get more of it than it may have of all (weak_small)?
uncharged_tried=300 # MiB
uncharged_attack() {
        local before gone said status=0
        said=$(in_place /attacks/hog "$1" 1 0) || status=$?
        [[ $status -ne 100 ]] || stopped "$said"
        before=$(memory_free)
        noise /attacks/hog "$1" "$uncharged_tried" "$((60 * time_scale))"
        wait_for 120 has_all hog || broken "it does not come to an end: $(<"$noise_said")"
        gone=$((before - $(memory_free)))
        said="$gone MiB of the host are gone, of ${weak_small_memory} that it may have"
        ((gone < uncharged_tried * 9 / 10)) || breached "$said"
        broken "only $said"
}

# --- numbers that are one for all ------------------------------------------------------------------------------------

# sysctl_for_now KEY VALUE: until the attack ends (sysctls_back).
sysctls_changed=()
sysctl_for_now() {
        sysctls_changed+=("$1=$(sysctl -n "$1")")
        sysctl -qw "$1=$2" || broken "no sysctl $1"
}

sysctls_back() {
        [[ ${#sysctls_changed[@]} -eq 0 ]] || sysctl -qw "${sysctls_changed[@]}"
        sysctls_changed=()
}

host_has_one() { "$attack_programs/exhaust" "$1" 1 0; } # KIND
# Where nothing is left not even a program can be begun.
neighbour_has_one() { place=$victim in_place_may_fail=1 in_place /attacks/exhaust "$1" 1 0; } # KIND

# exhaust_attack KIND COUNT: the place takes COUNT or what it gets; can the neighbour and the host's root still have one?
exhaust_attack() {
        neighbour_has_one "$1" && host_has_one "$1" || broken "there is none to begin with"
        noise /attacks/exhaust "$1" "$2" "$((60 * time_scale))"
        # What it says comes when it is over; that it sleeps is seen.
        wait_for 60 has_all exhaust || broken "it does not come to an end: $(<"$noise_said")"
        [[ $(<"$noise_said") != tenantctl:* ]] || broken "it did not begin: $(<"$noise_said")"
        # What was taken before, and given back, may take the kernel a while.
        wait_for 2 host_has_one "$1" || breached "$1: nothing is left for the host"
        wait_for 2 neighbour_has_one "$1" || breached "$1: nothing is left for the neighbour"
        stopped "the neighbour and the host still get theirs"
}

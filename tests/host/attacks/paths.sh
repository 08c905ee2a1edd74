# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# paths.sh: for attacks by what a tenant puts into its tree where the host's root is going to look; an attack sources it itself.
# $door is the part of the host that they aim at: root's alone, with files of known content. The host's side in a weakened run is what
# a script does that trusts the tree of a container: mount(8), >, cat, by path. In a tenant it is tenantd.
# Refuses to judge by errors: what counts is the door, the host's mounts, and what comes out.

door=/run/test-host/door
door_secret=the-hosts-own-secret
racers=() swaps=0

door_make() {
        mkdir -p "$door"/{empty,full/below}
        chmod 700 "$door" "$door"/*
        echo "$door_secret" >"$door/secret"
        echo kept >"$door/kept"
        echo kept >"$door/full/kept"
        echo kept >"$door/full/below/kept"
        chmod 600 "$door"/{secret,kept}
        chmod 640 "$door"/full/kept
        touch -d 2020-01-01 "$door"/{secret,kept,full/kept,full/below/kept}
        door_before=$(door_facts)
}

# All of the door, and what is mounted in it, by two short programs, since it is asked for often. No change of a file leaves its ctime as it
# was, so that contents and attributes need no look; only of `linked`, if it is there, anybody may add and remove hard links.
door_facts() {
        find "$door" -mindepth 1 \( -name linked -printf '%P %y %m %U:%G %s %T@\n' \) -o -printf '%P %y %m %U:%G %s %n %l %T@ %C@\n'
        grep -F " $door" /proc/self/mountinfo || true # nothing, as it should be
}

# What is different; false when nothing is.
door_changed() {
        local now
        now=$(door_facts)
        [[ $now != "$door_before" ]] || return 1
        diff <(echo "$door_before") <(echo "$now") | grep '^[<>]' | head -n 1
}

door_end() {
        racers_end
        while mountpoint -q "$door" || grep -q " $door" /proc/self/mountinfo; do
                awk -v door="$door" 'index($5, door) == 1 { print $5 }' /proc/self/mountinfo | tail -n 1 | xargs -r umount -l || break
        done
        rm -rf --one-file-system "$door"
}

# base_of NAME: the first id of a place, running or not.
base_of() {
        if is_raw "$1"; then
                tenant_base "$1"
        else
                sed -n 's/^IdBase=//p' "/var/lib/tenantd/tenants/$1/allocation"
        fi
}

# in_stored NAME DIRECTORY COMMAND...: with the ids of the place's root, in DIRECTORY of what the host stores of it, running or not: what
# the tenant left there, or a process of its that still holds a descriptor.
in_stored() { (become_stored "$@"); }

# The same, of the shell that runs it.
become_stored() {
        local base
        base=$(base_of "$1") && cd "$(upper_of "$1")/$2" || exit
        exec setpriv --reuid "$base" --regid "$base" --clear-groups --inh-caps=-all --bounding-set=-all "${@:3}"
}

# race NAME DIRECTORY PAIR...: swaps names there until racers_end.
race() {
        local said
        said=$(mktemp /run/test-host/race.XXXXXX)
        become_stored "$1" "$2" "$attack_programs/exchange" "${@:3}" >"$said" &
        racers+=("$!" "$said")
        wait_for 20 test -s "$said" || broken "no race"
}

# Ends them; $swaps is how often they swapped, all together.
racers_end() {
        local i
        for ((i = 0; i < ${#racers[@]}; i += 2)); do
                kill "${racers[i]}"
                wait "${racers[i]}" || broken "a race ended early: $(<"${racers[i + 1]}")"
                swaps=$((swaps + $(tail -n 1 "${racers[i + 1]}")))
                rm -f "${racers[i + 1]}"
        done
        racers=()
}

is_tenant() { ! is_raw "$place"; }

stop_tenant() { systemctl stop "tenant@$place" && ! active "$place"; }

# One whose own systemd is damaged by what is planted would take its 90 s to stop, which is another attack's concern.
end_tenant() {
        systemctl kill --signal=KILL "tenant@$place" 2>/dev/null
        wait_for 20 ended "$place" || return
        systemctl reset-failed "tenant@$place" 2>/dev/null
        true
}

began() { failed "$place" || init_runs; }

# What is executed there is no more the host's program.
init_runs() {
        local program
        program=$(readlink "/proc/$(init_of "$place" 2>/dev/null)/exe") && [[ $program != */tenant-run ]]
}

# What a start that was refused said.
start_error() { tail -n 1 "/run/tenantd/$place/error" 2>/dev/null | cut -c 1-120; }

# start_outcome: a start, and how it comes out within $limit, in $outcome: "started", "refused: reason", "BLOCKED".
start_outcome() {
        local status=0
        timeout "$((limit * time_scale))" systemctl start "tenant@$place" 2>/dev/null || status=$?
        case $status in
        0) outcome=started ;;
        124) outcome=BLOCKED ;;
        *) outcome="refused: $(cat "/run/tenantd/$place/error" 2>/dev/null || systemctl show --property=Result "tenant@$place")" ;;
        esac
}

# start_planted: a start with something planted, as far as the host has a part in it. Fails with the reason in $refusal.
start_planted() {
        refusal=
        systemctl start --no-block "tenant@$place"
        wait_for 30 began || broken "the start neither goes on nor fails"
        failed "$place" || return 0
        refusal=$(start_error)
        end_tenant
        false
}

# As it was: for cleanup, after what was planted is gone. It says nothing, since the last line is the attack's.
start_again() {
        is_tenant || return 0
        end_tenant
        systemctl start "tenant@$place"
}

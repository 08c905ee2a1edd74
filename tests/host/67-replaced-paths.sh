#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 420
# shellcheck disable=SC2154 # what the sourced files assign
#
# Every path in a tenant's volume and tree that tenantd touches, replaced by a link into the host, a FIFO, a device, a hard link of
# the host's file, a directory or a file: before tenantd touches it, and while (RENAME_EXCHANGE, by a process with the tenant's ids or
# from inside). Nothing may block, the host's files stay as they are, the tenant sees none of them. What tenantd does with its
# tenant then, refuse or go on, is in the table at the end.
#   RACE_SECONDS=180   how long each race is (default 1); by hand:
#   RACE_SECONDS=180 HOST_ENV=RACE_SECONDS tests/lib/host run --timeout 7200 -- bash /src/tests/host/67-replaced-paths.sh
. /src/tests/lib/lib.sh
. /src/tests/lib/tenant.sh
# shellcheck source=tests/host/attacks/lib.sh
. /src/tests/host/attacks/lib.sh
# shellcheck source=tests/host/attacks/paths.sh
. /src/tests/host/attacks/paths.sh

race_seconds=${RACE_SECONDS:-1}
place=links
# On the file system of the volumes, so that hard links are possible; in a directory that only root may enter.
door=/var/lib/tenantd/storage/.door
volumes=/var/lib/tenantd/storage/volumes
limit=15

# What a start opens, makes or mounts, and what Docker's certificates and a program's start inside go by. Below the volume's top:
in_volume=(upper work lower root docker containerd)
# Below the root:
in_root=(etc etc/hostname etc/machine-id etc/resolv.conf proc sys run dev var var/lib var/lib/docker var/lib/containerd
        usr/sbin/dockerd usr/sbin/init usr/lib/systemd/systemd)
kinds=(link fifo device hard-link directory file)
# Emulated, a start takes ten seconds: those that were somebody's undoing.
if ! has native; then
        in_root=(etc/hostname etc/resolv.conf proc dev var/lib/docker)
        kinds=(link fifo)
fi

rows=()
table() { rows+=("$(printf '%-10s %-28s %-10s %-7s %s' "$@")"); }

# --- planting --------------------------------------------------------------------------------------------------------

# For paths.sh: a place's own directory is here its whole volume.
upper_of() { echo "$volumes/$1"; }

# What a path is below, in the volume.
where_of() { # volume|root
        if [[ $1 == volume ]]; then echo .; else echo upper; fi
}

# As the host's root, and so only while no tenant runs, and no race.
stored() { (cd "$volumes/$place/$1" && "${@:2}"); }

# shellcheck disable=SC2016 # the shell there expands it
plant() { # WHERE PATH KIND
        local base
        base=$(base_of "$place")
        in_stored "$place" "$1" mkdir -p "$(dirname "./$2")"
        stored "$1" sh -c '[ ! -e "$1" ] && [ ! -L "$1" ] || mv -T "$1" "$1.real"' sh "$2"
        case $3 in
        link) stored "$1" ln -s "$(link_to "$2")" "$2" ;;
        fifo) stored "$1" mkfifo -m 666 "$2" ;;
        # One that has no end when it is read.
        device) stored "$1" mknod -m 666 "$2" c 1 5 ;;
        hard-link) hard_link "$1" "$2" ;;
        directory) stored "$1" mkdir -m 755 "$2" ;;
        file) stored "$1" sh -c 'echo planted >"$1"' sh "$2" ;;
        esac || return
        [[ $3 == hard-link ]] || stored "$1" chown -h "$base:$base" "$2"
        door_before=$(door_facts)
}

# To a directory of the host's where it expects one, to a file otherwise.
link_to() {
        case $1 in
        */hostname | */machine-id | */resolv.conf) echo "$door/secret" ;;
        */dockerd | */init | */systemd/systemd) echo "$door/kept" ;;
        *) echo "$door/full" ;;
        esac
}

# By the file system's own mount, without the store's: a link does not leave a mount.
hard_link() { # WHERE PATH
        unshare --mount --propagation private bash -c 'umount -l /var/lib/tenantd/storage; ln "$1" "$2"' \
                bash "$door/secret" "$volumes/$place/$1/$2"
}

# shellcheck disable=SC2016 # the shell there expands it
unplant() { # WHERE PATH
        stored "$1" sh -c 'rm -rf --one-file-system "./$1"; [ ! -e "$1.real" ] && [ ! -L "$1.real" ] || mv -T "$1.real" "$1"' sh "$2"
        door_before=$(door_facts)
}

# --- touching and judging --------------------------------------------------------------------------------------------

# How a start comes out: "started" when what runs is the tenant's own, "refused: reason"; false when it comes to no end.
start_outcome() {
        systemctl start --no-block "tenant@$place"
        wait_for "$limit" began || return
        if failed "$place"; then
                outcome="refused: $(start_error)"
        else
                outcome=started
        fi
}

# What the tenant can see of the host, of all the places that something could have been led to.
seen() {
        local base
        base=$(base_of "$place")
        # By way of the tmpfs that the start made: nothing else of the tree is sure to be there.
        (cd "/proc/$(init_of "$place")/root/run" && setpriv --reuid "$base" --regid "$base" --clear-groups cp "$attack_programs/sees" sees)
        inside "$place" /run/sees "$door_secret" "${in_root[@]/#//}" / /run/host/resolv.conf /tmp
}

# Of a tenant that runs: $outcome.
look() {
        local said status=0
        said=$(seen) || status=$?
        case $status in
        0) outcome="SEES the host's $said" ;;
        1) outcome=started ;;
        *) outcome="NOT LOOKED AT" ;;
        esac
}

judge_start() { # DESCRIPTION
        if ! start_outcome; then
                outcome="BLOCKED"
        elif [[ $outcome == started ]]; then
                look
        fi
        end_tenant || outcome="DOES NOT END"
        ! door_changed >/dev/null || outcome="CHANGED: $(door_changed)"
        printf '%s\n' "$outcome" "$(start_error)" >"$tap_log"
        tap_result "$([[ $outcome == @(started|refused*) ]]; echo $?)" "$1"
}

before_start() { # volume|root PATH...
        local path kind where
        where=$(where_of "$1")
        for path in "${@:2}"; do
                for kind in "${kinds[@]}"; do
                        if ! plant "$where" "$path" "$kind"; then
                                unplant "$where" "$path"
                                # By a project's quota, or where the test host is not its own devices' master.
                                case $kind in
                                device | hard-link) skip "no $kind can be made there" "start: $1's $path is a $kind" ;;
                                *) tap_result 1 "start: $1's $path is a $kind" ;;
                                esac
                                continue
                        fi
                        judge_start "start: $1's $path is a $kind"
                        table start "$1: $path" "$kind" before "$outcome"
                        unplant "$where" "$path"
                done
        done
}

# A race of RACE_SECONDS, and in it as many of OPERATION as there is time for. What an operation says is its own affair, as long as it ends.
raced() { # WHERE NAME OPERATION...
        local begun=$SECONDS times=0 worst=0 took
        race "$place" "$1" "$2" "$2.link" "$2" "$2.fifo"
        until [[ $((SECONDS - begun)) -ge $race_seconds && $times -gt 1 ]]; do
                took=$(milliseconds "${@:3}" 2>/dev/null) || verdict="$3 fails"
                times=$((times + 1))
                [[ $took -le $worst ]] || worst=$took
                ! door_changed >/dev/null || verdict="CHANGED: $(door_changed)"
                [[ $worst -lt $((limit * time_scale * 1000)) ]] || verdict="BLOCKED for $worst ms"
                [[ $verdict == unharmed ]] || break
        done
        racers_end
        outcome="$verdict, $times times, $worst ms at most, $swaps swaps"
        swaps=0
}

raced_start() {
        start_outcome || { verdict=BLOCKED; return 0; }
        [[ $outcome != started ]] || look
        [[ $outcome == @(started|refused*) ]] || verdict=$outcome
        end_tenant
}

# The other things that stand there in turn, beside it.
plant_beside() { # WHERE PATH
        [[ $1 == . ]] || in_stored "$place" "$1" sh -c 'mkdir -p "$(dirname "./$1")"
                [ -e "$1" ] || if [ "$2" = d ]; then mkdir "$1"; else echo own >"$1"; fi' sh "$2" "$(kind_of "$2")"
        plant "$1" "$2.link" link && plant "$1" "$2.fifo" fifo && stored "$1" chown -h "$(base_of "$place"):$(base_of "$place")" "$2"
}

kind_of() {
        case $1 in
        */hostname | */machine-id | */resolv.conf | */dockerd | */init | */systemd/systemd) echo f ;;
        *) echo d ;;
        esac
}

while_starting() { # volume|root PATH...
        local path where
        where=$(where_of "$1")
        for path in "${@:2}"; do
                # A start is slow beside a swap; without the tenant's own init it ends where the race is over.
                plant_beside "$where" "$path" || { tap_result 1 "start: $1's $path is swapped"; continue; }
                local verdict=unharmed
                raced "$where" "$path" raced_start
                echo "$outcome" >"$tap_log"
                tap_result "$([[ $verdict == unharmed ]]; echo $?)" "start: $1's $path is swapped meanwhile"
                table start "$1: $path" "link, fifo" while "$outcome"
                unplant "$where" "$path.link" && unplant "$where" "$path.fifo"
        done
}

# --- a running tenant ------------------------------------------------------------------------------------------------

# from_inside NAME OTHER OPERATION...: the tenant swaps, by its own hand.
raced_inside() { # NAME OTHER OPERATION...
        local begun=$SECONDS times=0 worst=0 took pid
        inside "$place" /attacks/exchange "$1" "$2" >/run/test-host/inside-race &
        pid=$!
        wait_for 10 test -s /run/test-host/inside-race || verdict="no race"
        until [[ $((SECONDS - begun)) -ge $race_seconds && $times -gt 1 ]]; do
                took=$(milliseconds timeout "$((60 * time_scale))" "${@:3}" 2>/dev/null)
                times=$((times + 1))
                [[ $took -le $worst ]] || worst=$took
                ! door_changed >/dev/null || verdict="CHANGED: $(door_changed)"
                [[ $worst -lt $((limit * time_scale * 1000)) ]] || verdict="BLOCKED for $worst ms"
                [[ $verdict == unharmed ]] || break
        done
        background_end exchange
        wait "$pid"
        outcome="$verdict, $times times, $worst ms at most"
}

# NAME of the tenant's, KIND, and then what tenantd does to it. Where a mount is in the way the tenant takes it away first.
running_rows=(
        "/dev/null              run             tenantctl run links -- true"
        "/usr/bin/true          run             tenantctl run --timeout=5 links -- true"
        "/etc/passwd            run             tenantctl run --timeout=5 links -- id root"
        "/proc                  run             tenantctl run links -- /attacks/sees x /"
        "/run/host/docker       docker-rotate   tenantctl docker-rotate links"
        "/run/host              docker-rotate   tenantctl docker-rotate links"
        "/etc/os-release        status          tenantctl status links"
        "/var/lib/docker        usage           tenantctl usage links"
)

# shellcheck disable=SC2016 # the shell there expands it
plant_inside() { # PATH KIND
        inside "$place" sh -c '
                while grep -q " $1 " /proc/self/mountinfo && umount -l "$1"; do :; done
                [ ! -e "$1" ] || [ -e "$1.real" ] || mv -T "$1" "$1.real"; rm -rf "$1"
                case $2 in link) ln -s "$3" "$1" ;; fifo) mkfifo "$1" ;; directory) mkdir "$1" ;; file) echo planted >"$1" ;; esac' \
                sh "$1" "$2" "$door/kept"
}

touch_running() { # DESCRIPTION COMMAND...
        local took
        took=$(milliseconds timeout "$((60 * time_scale))" "${@:2}" 2>"$tap_log")
        outcome="$took ms: $(tail -n 1 "$tap_log")"
        [[ $took -lt $((limit * time_scale * 1000)) ]] || outcome="BLOCKED for $took ms"
        ! door_changed >/dev/null || outcome="CHANGED: $(door_changed)"
        tap_result "$([[ $outcome != @(BLOCKED|CHANGED)* ]]; echo $?)" "$1"
}

running_points() {
        local row path verb command kind
        for row in "${running_rows[@]}"; do
                read -r path verb command <<<"$row"
                read -ra command <<<"$command"
                ok "(a tenant for $verb with $path)" systemctl start "tenant@$place"
                for kind in link fifo directory file; do
                        plant_inside "$path" "$kind" || continue
                        touch_running "$verb: $path is a $kind" "${command[@]}"
                        table "$verb" "$path" "$kind" before "$outcome"
                done
                plant_inside "$path" file && inside "$place" sh -c 'rm -rf "$1.other"; mkfifo "$1.other"' sh "$path"
                local verdict=unharmed
                raced_inside "$path" "$path.other" "${command[@]}"
                echo "$outcome" >"$tap_log"
                tap_result "$([[ $verdict == unharmed ]]; echo $?)" "$verb: $path is swapped meanwhile"
                table "$verb" "$path" "fifo" while "$outcome"
                end_tenant
                # A new tree: what was planted is gone with it.
                stored upper find . -mindepth 1 -maxdepth 1 ! -name attacks -exec rm -rf --one-file-system {} +
        done
}

# --- removal ---------------------------------------------------------------------------------------------------------

victim_of_removal() { tenant removed && place=removed; }

remove_points() {
        local kind path
        for kind in "${kinds[@]}"; do
                ok "(a tenant for the removal of a $kind)" victim_of_removal
                for path in upper/tree work/tree docker/deep/er/tree containerd; do
                        plant . "$path" "$kind" || [[ $kind == @(device|hard-link) ]] || tap_result 1 "planted: $path, $kind"
                done
                remove_judged "remove: a $kind in the volume"
                table remove "volume: anything" "$kind" before "$outcome"
        done
        ok "(a tenant for a removal with swaps)" victim_of_removal
        plant_beside . docker && plant_beside . upper && stored . sh -c 'for i in $(seq 200); do mkdir -p containerd/$i/deep; done'
        race "$place" . docker docker.link docker docker.fifo upper upper.link upper upper.fifo
        remove_judged "remove: directories of the volume are swapped meanwhile"
        racers_end
        table remove "volume: docker, upper" "link, fifo" while "$outcome"
}

remove_judged() { # DESCRIPTION
        local took
        took=$(milliseconds timeout "$((60 * time_scale))" tenantctl --quiet remove "$place" 2>"$tap_log")
        outcome="removed, $took ms"
        [[ ! -e $volumes/$place && ! -e /var/lib/tenantd/tenants/$place ]] || outcome="REMAINS: $(tail -n 1 "$tap_log")"
        ! door_gone_wrong || outcome="CHANGED: $(door_changed)"
        tap_result "$([[ $outcome == removed* ]]; echo $?)" "$1"
        place=links
}

# A hard link of the host's file that goes takes one from its count of links, and that is all.
door_gone_wrong() {
        door_before=$(sed 's/^secret f 600 0:0 [0-9]* [0-9]*/secret f 600 0:0 n n/' <<<"$door_before")
        door_facts_plain=$(door_facts | sed 's/^secret f 600 0:0 [0-9]* [0-9]*/secret f 600 0:0 n n/')
        [[ $door_before != "$door_facts_plain" ]]
}

# What is left of an image that was being made is the images' root's, and a process of its may still be there.
image_points() {
        local tree=/var/lib/tenantd/images/.left.partial
        mkdir -p "$tree/root" && chown -R 603979776:603979776 "$tree/root"
        (cd "$tree/root" && setpriv --reuid 603979776 --regid 603979776 --clear-groups --inh-caps=-all sh -c '
                for i in $(seq 200); do mkdir -p d$i/deep && touch d$i/one && ln -s "$1" l$i; done' sh "$door/full")
        (
                cd "$tree/root" || exit
                # shellcheck disable=SC2046 # the words are wanted
                exec setpriv --reuid 603979776 --regid 603979776 --clear-groups --inh-caps=-all "$attack_programs/exchange" \
                        $(seq 200 | sed 's/.*/d& l&/') >/run/test-host/image-race
        ) &
        local racer=$!
        wait_for 10 test -s /run/test-host/image-race
        door_before=$(door_facts)
        systemctl stop tenantd
        rm -f /run/tenantd/.agent-ended-well # as after a crash: the next agent looks what is left
        tenantctl list >/dev/null
        ok "recovery: what is left of an image goes while its directories are swapped" wait_for 20 test ! -e "$tree"
        kill "$racer"
        wait "$racer"
        is "$(door_changed)" "" "recovery: and the host's files stay"
        table recover "images: .NAME.partial" link while "removed, $(tail -n 1 /run/test-host/image-race) swaps"
}

# --- all -------------------------------------------------------------------------------------------------------------

# With Docker's certificates and stores, but an image without Docker: nothing of it runs.
make_tenant() {
        local settings=(Docker.Enabled=yes)
        ! has quota || settings+=(Storage.Size=256M)
        tenant "$place" "${settings[@]}" && systemctl start "tenant@$place" && place_programs "$place" && end_tenant
}

sysctl -qw net.ipv4.ip_forward=1
ok "an image" image debian12-minimal
census_start
ok "a tenant with all that is mounted into it" make_tenant
door_make
echo "$door_secret" >"$door/full/$door_secret"
door_before=$(door_facts)
before_start volume "${in_volume[@]}"
before_start root "${in_root[@]}"
while_starting volume "${in_volume[@]}"
while_starting root "${in_root[@]}"
running_points
remove_points
image_points
door_end
tenants_end "$place"
ok "nothing is left" census_clean
printf '# %s\n' "${rows[@]}"

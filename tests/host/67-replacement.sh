#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 600
# slow: some 500 operations on hostile trees
# container: what looks paths up is the same on every kernel
# longer: RACE_SECONDS
# shellcheck disable=SC2154 # what the sourced files assign
#
# Whatever the host's root (or a process of its that has not left the host's mounts yet) looks up in what a tenant can write, replaced by
# everything that it could be, before tenantd looks, and while it does (RENAME_EXCHANGE, by a process with the tenant's ids, or from
# inside). Each operation succeeds, or fails with an error that names what is wrong; none waits; the host's files ("the door") are as
# they were; the tenant sees nothing of them; and nothing is left.
#   RACE_SECONDS=3600 tests/host/run-suite 67-replacement     the races by hand: so long, all together; it says what they came to
. /src/tests/lib/lib.sh
. /src/tests/lib/tenant.sh
# shellcheck source=tests/host/attacks/lib.sh
. /src/tests/host/attacks/lib.sh
# shellcheck source=tests/host/attacks/weaken.sh
. /src/tests/host/attacks/weaken.sh
# shellcheck source=tests/host/attacks/paths.sh
. /src/tests/host/attacks/paths.sh

# --- what is looked up -----------------------------------------------------------------------------------------------

# OPERATION WHERE PATH WANTS. A new use of a path in a tenant's tree (tests/source/paths.allowed asks about it) is a line here. WHERE: the
# volume, the root (its upper layer), or, by its own hand, a tenant that runs. WANTS, of a start: what it has to find there:
#   directory       a plain one: all else is refused, by name
#   program         one that can be executed: all else is refused, by name
#   any             the start takes it as it comes
#   new             the same, or refused by name: looked up only in a tenant without a host name yet, which is made so
points=(
        # agent/run/mounts.c: the overlay and Docker's stores, from the volume
        "start volume upper directory"
        "start volume work directory"
        "start volume work/work any"
        "start volume lower directory"
        "start volume root directory"
        "start volume docker directory"
        "start volume containerd directory"
        # agent/run/mounts.c: what is mounted into the root
        "start root proc directory"
        "start root sys directory"
        "start root run directory"
        "start root dev directory"
        "start root var directory"
        "start root var/lib directory"
        "start root var/lib/docker directory"
        "start root var/lib/containerd directory"
        # agent/run/guest.c: the first start's files, the resolver, where dockerd is
        "start root etc new"
        "start root etc/machine-id new"
        "start root etc/hostname any"
        "start root etc/resolv.conf any"
        "start root usr/sbin/dockerd any"
        "start root usr/bin/dockerd any"
        "start root usr/local/bin/dockerd any"
        # agent/run/child.c: after the pivot, but still ours
        "start root sbin directory"
        "start root sbin/init program"
        # agent/work/run.c, inside.c: a program in the tenant, and what it comes by
        "run inside /bin/true -"
        "run inside /bin -"
        "run inside /proc -"
        "run inside /dev/null -"
        "run inside /dev -"
        "run inside /sys -"
        # agent/work/docker.c: new certificates into a running tenant, and its dockerd is restarted
        "rotate inside /run/tenantd-docker/.ca.pem.new -"
        "rotate inside /run/tenantd-docker/ca.pem -"
        "rotate inside /run/tenantd-docker -"
        "rotate inside /run -"
        "rotate inside /bin/sh -"
        "rotate inside /bin/systemctl -"
        # agent/daemon, plugins: what tells or changes something of a tenant looks at nothing there, and has to stay so
        "tell inside /etc/os-release -"
        "tell inside /var/lib/docker -"
        "set inside /var/lib/docker -"
        # agent/run/notify.c, runner.c, release.c: the end
        "stop inside /run/host/notify -"
        "stop inside /run/host -"
        "stop inside /sbin/init -"
        "stop inside /dev/console -"
)

# agent/tenant/tree.c, plugins/storage-common/{volume,tree}.c: all names of a volume are looked up by its removal; these are replaced.
removed_points=(upper/tree upper/etc work/tree docker/deep/er/tree containerd)

# A link to a file and to a directory of the host's, to nothing there, to itself; then no links. A device has no end when it is read.
kinds=(link-file link-directory dangling loop fifo socket device hard-link directory file)

place=replaced
# On the file system of the volumes, so that hard links are possible.
door=/var/lib/tenantd/storage/.door
volumes=/var/lib/tenantd/storage/volumes
limit=30
replace=/attacks/replace

# Emulated, an operation takes seconds, and what is looked up is looked up the same way: every kind, every path, not all pairs.
stride=1
has native || stride=5
shift_by=0

# Whether a race is run: each, or where things are slow one in three.
turn=0
its_turn() { turn=$((turn + 1)); [[ $stride -eq 1 || $((turn % 3)) -eq 0 ]]; }

# Fewer of the kinds with each call, but all in turn.
next_kinds() {
        local i
        now_kinds=()
        for ((i = 0; i < ${#kinds[@]}; i++)); do
                [[ $(((i + shift_by) % stride)) -ne 0 ]] || now_kinds+=("${kinds[i]}")
        done
        shift_by=$((shift_by + 1))
}

# --- the door --------------------------------------------------------------------------------------------------------

# All ways to it are open for everybody, and it can be written: nothing but the look-up keeps out who is led there.
door_open() {
        door_make
        echo "$door_secret" >"$door/full/$door_secret"
        echo linked >"$door/linked"
        chmod 777 "$door"/{empty,full,full/below}
        chmod 666 "$door"/{kept,full/kept} && chmod 644 "$door/secret" "$door/linked"
        chmod 777 "$door" && chmod 711 /var/lib/tenantd /var/lib/tenantd/storage
        door_before=$(door_facts)
}

door_shut() {
        door_end
        chmod 700 /var/lib/tenantd /var/lib/tenantd/storage
}

# --- planting --------------------------------------------------------------------------------------------------------

# For paths.sh: a place's own directory is here its whole volume.
upper_of() { echo "$volumes/$1"; }

where_of() { if [[ $1 == volume ]]; then echo .; else echo upper; fi; } # volume|root

# KIND as two words of replace(1): $word and $target.
words_of() { # KIND
        word=link target=-
        case $1 in
        link-file) target=$door/kept ;;
        link-directory) target=$door/full ;;
        dangling) target=$door/none ;;
        hard-link) word=$1 target=$door/linked ;;
        *) word=$1 ;;
        esac
}

# plant WHERE KIND PATH...: in the stopped tenant's volume, as its root; what only the host's root can make, as that. 100: the kernel
# makes no such thing here (a device where the test host is not its own devices' master, a hard link to another project's file).
plant() {
        local word target by=(in_stored "$place")
        words_of "$2"
        [[ $2 != @(device|hard-link) ]] || by=(stored_by_root)
        "${by[@]}" "$1" "$attack_programs/replace" "$word" "$target" "${@:3}"
}

stored_by_root() { (cd "$volumes/$place/$1" && "${@:2}"); }

unplant() { # WHERE PATH...
        stored_by_root "$1" "$attack_programs/replace" back - "${@:2}"
}

# What is among Docker's certificates, by a root that can write there for a while, as a rotation can.
plant_inside() { # KIND PATH...
        local word target
        words_of "$1"
        [[ $2 != /run/tenantd-docker/* ]] || inside "$place" mount -o remount,bind,rw none /run/tenantd-docker || return
        inside "$place" $replace "$word" "$target" "${@:2}"
}

unplant_inside() { # PATH...
        [[ $1 != /run/tenantd-docker/* ]] || inside "$place" mount -o remount,bind,rw none /run/tenantd-docker
        inside "$place" $replace back - "$@"
}

# --- touching and judging --------------------------------------------------------------------------------------------

# A start, and what the tenant sees then.
start() {
        start_outcome
        [[ $outcome != started ]] || look
}

# What the tenant that runs can see of the host, wherever something could have been led to.
look() {
        local said status=0
        said=$(inside "$place" /attacks/sees "$door_secret" / "${looked_at[@]}") || status=$?
        case $status in
        0) outcome="SEES the host's $said" ;;
        1) ;;
        *) outcome="NOT LOOKED AT ($status)" ;;
        esac
}

looked_at=(/run/host/resolv.conf /tmp)
for point in "${points[@]}"; do
        read -r operation where path _ <<<"$point"
        [[ $operation != start || $where != root ]] || looked_at+=("/$path")
done

# After a start that came out so.
end() {
        if [[ $outcome == refused* ]]; then
                systemctl reset-failed "tenant@$place"
        else
                timeout "$((limit * time_scale))" systemctl stop "tenant@$place" || outcome="DOES NOT END"
        fi
}

# The last word of an operation is wrong, whatever it was, if the door is not as it was.
door_look() {
        local changed
        ! changed=$(door_changed) || outcome="CHANGED $changed"
}

# point DESCRIPTION PATTERN: holds if $outcome is PATTERN.
point() {
        printf 'outcome: %s\nwanted:  %s\n' "$outcome" "$2" >"$tap_log"
        # shellcheck disable=SC2053 # it is a pattern
        [[ $outcome == $2 ]]
        tap_result $? "$1"
}

# What a start with KIND there has to come to.
wanted_of() { # PATH WANTS KIND
        local named="refused: *${1##*/}*"
        case $2-$3 in
        any-* | directory-directory) echo started ;;
        new-*) echo "@(started|$named)" ;;
        *) echo "$named" ;;
        esac
}

# --- a start ---------------------------------------------------------------------------------------------------------

start_with() { # WHERE KIND PATTERN NAMES PATH...
        local status=0
        plant "$1" "$2" "${@:5}" || status=$?
        if [[ $status -eq 100 ]]; then
                skip "no $2 can be made there" "start: $4 a $2"
        else
                start
                end
                door_look
                [[ $status -eq 0 ]] || outcome="NOT PLANTED"
                point "start: $4 a $2" "$3"
        fi
        unplant "$1" "${@:5}"
}

# All that a start takes as it comes is replaced at once, but for directories of others.
start_points() {
        local point operation where path wants kind
        declare -A taken=()
        for point in "${points[@]}"; do
                read -r operation where path wants <<<"$point"
                [[ $operation == start ]] || continue
                if [[ $wants == any ]]; then
                        taken[$where]+=" $path"
                        continue
                fi
                next_kinds
                for kind in "${now_kinds[@]}"; do
                        [[ $wants != new ]] || in_stored "$place" upper rm -f etc/hostname
                        start_with "$(where_of "$where")" "$kind" "$(wanted_of "$path" "$wants" "$kind")" "$where's $path is" "$path"
                done
        done
        for where in "${!taken[@]}"; do
                next_kinds
                for kind in "${now_kinds[@]}"; do
                        # shellcheck disable=SC2086 # words
                        start_with "$(where_of "$where")" "$kind" started "$where's${taken[$where]} are" ${taken[$where]}
                done
        done
}

# --- races -----------------------------------------------------------------------------------------------------------

race_seconds=${RACE_SECONDS:-6}
# Of which each race has its part.
races=0
for point in "${points[@]}" remove recover; do
        [[ $point == stop* ]] || races=$((races + 1))
done
race_msec=$((race_seconds * 1000 / races))
rounds_all=0 worst_all=0 swaps_all=0
said_file=/run/test-host/race-said
: >"$said_file"

now_msec() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# rounds DESCRIPTION OPERATION...: as many of OPERATION as there is time for, and at least two, while somebody swaps. OPERATION leaves
# $outcome; "fine" or "refused: reason" is as it should be.
rounds() {
        local end=$(($(now_msec) + race_msec)) n=0 took worst=0 begun
        until [[ $n -ge 2 && $(now_msec) -ge $end ]]; do
                begun=$(now_msec)
                "${@:2}"
                door_look
                took=$(($(now_msec) - begun)) n=$((n + 1))
                [[ $took -le $worst ]] || worst=$took
                echo "${1%%:*}: $outcome" >>"$said_file"
                [[ $outcome == @(started|done|refused: ?*) ]] || break
        done
        rounds_all=$((rounds_all + n))
        [[ $worst -le $worst_all ]] || worst_all=$worst
        [[ $outcome != refused* ]] || outcome=refused
        raced_text="$n rounds, $worst ms at most"
}

raced_point() { # DESCRIPTION
        swaps_all=$((swaps_all + swaps))
        [[ $swaps -gt 0 ]] || outcome="NOT ONE SWAP"
        printf '# %s: %s, %s swaps\n' "$1" "$raced_text" "$swaps"
        point "$1" "@(started|done|refused)"
        swaps=0
}

# What stands there in turn: what ought to (made, if it is not there), a link into the host, a FIFO.
beside() { # WHERE PATH WANTS
        local target=link-file
        made=()
        [[ $3 != directory && $2 != @(etc|work/work) ]] || target=link-directory
        if [[ ! -e $volumes/$place/$1/$2 ]]; then
                made=("$2")
                own "$1" "$2" "$target" || return
        fi
        plant "$1" "$target" "$2.link" && plant "$1" fifo "$2.fifo"
}

own() { # WHERE PATH link-file|link-directory
        case $2 in
        sbin/init) in_stored "$place" "$1" sh -c 'mkdir -p sbin && cp "$1" sbin/init' sh "$attack_programs/tiny" ;;
        *) plant "$1" "${3#link-}" "$2" ;;
        esac
}

# A tenant without a host name yet has one after each.
start_round() { # WANTS
        [[ $1 != new ]] || in_stored "$place" upper rm -f etc/hostname 2>/dev/null
        start
        end
}

start_races() {
        local point operation where path wants at
        for point in "${points[@]}"; do
                read -r operation where path wants <<<"$point"
                [[ $operation == start ]] && its_turn || continue
                at=$(where_of "$where")
                beside "$at" "$path" "$wants" || { tap_result 1 "start: $where's $path is swapped meanwhile"; continue; }
                race "$place" "$at" "$path" "$path.link" "$path" "$path.fifo"
                rounds start start_round "$wants"
                racers_end
                raced_point "start: $where's $path is swapped meanwhile"
                unplant "$at" "$path.link" "$path.fifo" "${made[@]}"
        done
}

# --- a tenant that runs ----------------------------------------------------------------------------------------------

# Each leaves "done", or "refused" and why, in $outcome, of what people are told.
operate() { # COMMAND...
        local said status=0
        said=$(timeout "$((limit * time_scale))" "$@" 2>&1 >/dev/null </dev/null) || status=$?
        case $status in
        0) outcome="done" ;;
        124) outcome=BLOCKED ;;
        *) outcome="refused: $(grep -m 1 -oE '(tenantctl|tenantd): .*' <<<"$said")" ;;
        esac
        [[ $outcome != *"does not run"* ]] || outcome="NO TENANT"
}

operate_run() { operate tenantctl run --timeout="$((5 * time_scale))" "$place" -- /bin/true; }
operate_rotate() { operate tenantctl --quiet docker-rotate "$place"; }
operate_set() { operate tenantctl --quiet set "$place" Publish=8083:8000; }

operate_tell() {
        local verb
        for verb in status show usage docker-env; do
                operate tenantctl "$verb" "$place"
                [[ $outcome == "done" ]] || return 0
        done
}

operate_stop() {
        operate systemctl stop "tenant@$place"
        [[ $outcome != "done" ]] || inactive "$place" || outcome="NOT STOPPED"
}

# A new tree, and a new life.
new_tree() { { systemctl stop "tenant@$place"; systemctl reset-failed "tenant@$place"; } 2>/dev/null; find "$volumes/$place/upper" -mindepth 1 -delete; }
began_again() { new_tree && systemctl start "tenant@$place"; }

running_with() { # OPERATION KIND PATH...
        local status=0
        plant_inside "$2" "${@:3}" >"$tap_log" || status=$?
        if [[ $status -eq 100 ]]; then
                skip "no $2 can be made there" "$1: ${*:3} is a $2"
                return
        fi
        "operate_$1"
        door_look
        [[ $status -eq 0 ]] || outcome="NOT PLANTED"
        point "$1: ${*:3} is a $2" "@(done|refused: ?*)"
        if [[ $1 == stop ]]; then began_again; else unplant_inside "${@:3}"; fi
}

# By a tenant's own hand no hard link of a file that is not there, and no device, whoever asks.
running_points() {
        local point operation where path kind stopped=()
        for point in "${points[@]}"; do
                read -r operation where path _ <<<"$point"
                [[ $where == inside ]] || continue
                [[ $operation != stop ]] || { stopped+=("$path"); continue; }
                ok "(a new life for $operation with $path)" began_again
                "operate_$operation"
                point "$operation: as it should be" "done"
                next_kinds
                for kind in "${now_kinds[@]}"; do
                        [[ $kind == @(device|hard-link) ]] || running_with "$operation" "$kind" "$path"
                done
                ! its_turn || running_race "$operation" "$path"
        done
        next_kinds
        for kind in "${now_kinds[@]}"; do
                [[ $kind == @(device|hard-link) ]] || running_with stop "$kind" "${stopped[@]}"
        done
        ok "(a new tree)" new_tree
}

mounted_inside() { awk -v path="$1" '$5 == path { found = 1 } END { exit !found }' "/proc/$(init_of "$place")/mountinfo"; }

# The tenant swaps by its own hand; what is mounted there it takes off before.
running_race() { # OPERATION PATH
        local pid said=/run/test-host/inside-race text="$1: $2 is swapped meanwhile"
        ! mounted_inside "$2" || plant_inside directory "$2"
        inside "$place" test -e "$2" || plant_inside file "$2"
        plant_inside link-file "$2.link" && plant_inside fifo "$2.fifo" || { tap_result 1 "$text"; return; }
        inside "$place" /attacks/exchange "$2" "$2.link" "$2" "$2.fifo" >"$said" &
        pid=$!
        wait_for 20 test -s "$said" || outcome="no race"
        rounds "$1" "operate_$1"
        pkill -x exchange # which nsenter(1) waits for
        wait "$pid"
        swaps=$(tail -n 1 "$said")
        raced_point "$text"
}

# --- it restarts itself ----------------------------------------------------------------------------------------------

# With what it planted where something was mounted.
reboot_point() { # KIND PATH PATTERN
        local before
        ok "(a tenant that will restart itself)" began_again
        before=$(init_of "$place")
        plant_inside "$1" "/$2" && inside "$place" reboot -f
        wait_for "$limit" restarted "$before" || outcome="BLOCKED"
        end
        door_look
        point "restart from inside: $2 is a $1" "$3"
}

restarted() { # INIT
        outcome=started
        started_anew "$place" "$1" && { look; return 0; }
        failed "$place" && outcome="refused: $(cat "/run/tenantd/$place/error")"
}

reboot_points() {
        reboot_point link-directory proc "refused: *proc*"
        reboot_point fifo dev "refused: *dev*"
        reboot_point dangling etc/resolv.conf started
        ok "(a new tree)" new_tree
}

# --- removal ---------------------------------------------------------------------------------------------------------

removed=replaced-removed

removed_make() { tenantctl --quiet create "$removed" Image="$image" "${settings[@]}"; }

gone() { [[ ! -e $volumes/$removed && ! -e /var/lib/tenantd/tenants/$removed && -z $(ls -A "$volumes/.pending") ]]; }

operate_remove() {
        operate tenantctl --quiet remove "$removed"
        gone || outcome="REMAINS: $outcome"
}

removal_points() {
        local kind place=$removed status
        next_kinds
        for kind in "${now_kinds[@]}"; do
                ok "(a tenant to be removed with a $kind)" removed_make
                plant . "$kind" "${removed_points[@]}"
                status=$?
                operate_remove
                door_look
                if [[ $status -eq 100 ]]; then
                        skip "no $kind can be made there" "remove: with a $kind"
                else
                        point "remove: with a $kind" "done"
                fi
        done
        rounds remove removal_round
        raced_point "remove: directories of the volume are swapped meanwhile"
}

# Forty directories with something in them, each swapped for a link into the host, and two of the volume's own for links and FIFOs.
plant_swapped() { # DIRECTORY
        local i
        pairs=()
        for ((i = 1; i <= 40; i++)); do pairs+=("d$i" "l$i"); done
        # shellcheck disable=SC2016 # the shell there expands it
        "$@" sh -c 'for i in $(seq 40); do mkdir -p d$i/deep/er && touch d$i/one && ln -sfn "$1" l$i || exit; done' sh "$door/full"
}

removal_round() {
        removed_make && in_stored "$removed" . mkdir upper/tree && plant_swapped in_stored "$removed" upper/tree || { outcome="NO TENANT"; return; }
        place=$removed plant . link-directory docker.link upper.link && place=$removed plant . fifo docker.fifo
        race "$removed" upper/tree "${pairs[@]}"
        race "$removed" . docker docker.link docker docker.fifo upper upper.link
        operate_remove
        racers_end
}

# --- what is left of what was killed ---------------------------------------------------------------------------------

# The volume of a tenant whose removal was cut short (to the file system: it lies in .pending), and an image that was half made; the next
# agent removes both.
recovery_round() {
        local tree=/var/lib/tenantd/images/.left.partial racer as_image=(setpriv --reuid "$image_base" --regid "$image_base" --clear-groups --inh-caps=-all)
        removed_make && in_stored "$removed" . mkdir upper/tree && plant_swapped in_stored "$removed" upper/tree || { outcome="NO TENANT"; return; }
        mkdir -p "$tree/root" && chown -R "$image_base:$image_base" "$tree/root"
        (cd "$tree/root" && plant_swapped "${as_image[@]}")
        race "$removed" upper/tree "${pairs[@]}"
        (cd "$tree/root" && exec "${as_image[@]}" "$attack_programs/exchange" "${pairs[@]}") >/run/test-host/image-race &
        racer=$!
        wait_for 20 test -s /run/test-host/image-race
        systemctl stop tenantd
        touch "/var/lib/tenantd/tenants/$removed/removing"
        rm -rf /run/tenantd/.agent-ended-well "/etc/tenantd/tenants/$removed.conf"
        operate tenantctl list
        wait_for "$limit" gone && wait_for "$limit" test ! -e "$tree" || outcome="REMAINS"
        kill "$racer"
        wait "$racer"
        racers_end
        swaps=$((swaps + $(tail -n 1 /run/test-host/image-race)))
}

# A volume that is made where the rest of another one lies.
leftover_points() {
        local kind project stage
        for kind in "${now_kinds[@]}"; do
                ok "(a tenant that was here)" removed_make
                project=$(sed -n 's/^ProjectId=//p' "/var/lib/tenantd/tenants/$removed/allocation")
                stage=$volumes/.pending/$removed
                ! has quota || stage+=.$project
                place=$removed plant . "$kind" "${removed_points[@]}"
                cp -a "$volumes/$removed" "$volumes/.kept"
                tenantctl --quiet remove "$removed"
                mkdir "$stage" && chmod 700 "$stage" && mv -T "$volumes/.kept" "$stage/volume"
                operate tenantctl --quiet create "$removed" Image="$image" "${settings[@]}"
                door_look
                point "create: over what is left with a $kind" "done"
                operate_remove
                point "create: and it goes" "done"
        done
}

# --- and these are judges --------------------------------------------------------------------------------------------

# The same, with an openat2(2) that refuses nothing: each kind of harm has to be seen.
weak_on() {
        weak_unit "$place" naive "Environment=LD_PRELOAD=$attack_programs/naive-open.so"
        mkdir -p "${agent_drop_in%/*}"
        printf '[Service]\nEnvironment=LD_PRELOAD=%s\nRestart=no\n' "$attack_programs/naive-open.so" >"$agent_drop_in"
        systemctl daemon-reload
        systemctl stop tenantd
}

weak_off() {
        rm -rf "/run/systemd/system/tenant@$place.service.d" "${agent_drop_in%/*}"
        systemctl daemon-reload
        systemctl stop tenantd
}

bites() { # DESCRIPTION PATTERN
        point "weakened, $1" "$2"
        end_tenant
        rm -rf "$door"
        door_open
}

# The first harm of an operation that is tried over and over, for as long as that takes.
until_harmed() { # OPERATION...
        local tries
        for ((tries = 0; tries < 30; tries++)); do
                "$@"
                door_look
                [[ $outcome == @(started|done|refused: ?*) ]] || break
        done
}

judge_points() {
        local limit=5
        weak_on
        plant . link-directory docker && start && end && door_look
        bites "a link is seen" "SEES*"
        unplant . docker
        plant upper nothing etc/hostname && plant upper dangling etc/hostname && start && end && door_look
        bites "a file made in the host is seen" "CHANGED*"
        unplant upper etc/hostname
        plant upper nothing etc/hostname && plant upper fifo etc/machine-id && start
        bites "a wait is seen" BLOCKED
        unplant upper etc/hostname etc/machine-id
        beside . docker directory && race "$place" . docker docker.link
        until_harmed start_round directory
        racers_end
        bites "a swapped link is seen" "SEES*"
        unplant . docker.link docker.fifo
        until_harmed removal_round
        bites "files removed with a swapped directory are seen" "CHANGED*"
        weak_off
        # What the weakened one left half done, a recovery finishes.
        rm -f /run/tenantd/.agent-ended-well
        tenantctl list >/dev/null
        ok "weakened, and what it left half done goes" wait_for "$limit" gone
}

# --- all -------------------------------------------------------------------------------------------------------------

image=replacement
settings=(Docker.Enabled=yes)
! has quota || settings+=(Storage.Size=64M)

# Without directories of its own where a tenant will swap them: those of an image cannot be renamed in an overlay, what a start makes can.
image_make() {
        local tree=/run/test-host/replacement applet
        mkdir -p "$tree"/{sbin,usr/sbin,usr/bin,etc,tmp,var/lib,attacks} && ln -s usr/bin "$tree/bin"
        cp "$attack_programs/tiny" "$tree/sbin/init" && cp "$attack_programs"/{replace,exchange,sees} "$tree/attacks/"
        cp /bin/busybox "$tree/bin/"
        for applet in sh true test mount reboot; do ln -s busybox "$tree/bin/$applet"; done
        # What there is of Docker, and of what restarts it.
        cp "$attack_programs/agree" "$tree/usr/sbin/dockerd" && cp "$attack_programs/agree" "$tree/usr/bin/systemctl"
        tar -C "$tree" -c . | tenantctl --quiet image import "$image" -
}

tenant_make() { tenantctl --quiet create "$place" Image="$image" "${settings[@]}"; }

sysctl -qw net.ipv4.ip_forward=1
ok "an image" image_make
census_start
ok "a tenant with all that is mounted into it" tenant_make
ok "starts" systemctl start "tenant@$place"
outcome=started
look
point "and sees nothing of the host" started
ok "stops" systemctl stop "tenant@$place"
door_open
start_points
start_races
running_points
reboot_points
removal_points
rounds recover recovery_round
raced_point "recovery: what killed jobs left is swapped meanwhile"
leftover_points
judge_points
door_shut
ok "it starts as it did" systemctl start "tenant@$place"
ok "and so does another" bash -c "tenantctl --quiet create honest Image=$image && systemctl start tenant@honest && tenantctl run honest -- /bin/true"
tenants_end "$place" honest
ok "nothing is left" census_clean
tenantctl --quiet image remove "$image"
echo "# says: $rounds_all rounds, $swaps_all swaps, the slowest operation $worst_all ms"
[[ -z ${RACE_SECONDS-} ]] || sort "$said_file" | uniq -c | sort -rn | sed 's/^/# says: /'

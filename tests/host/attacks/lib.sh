# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lib.sh: what attacks are written with; the driver (suite) sources it after tests/lib/{lib,tenant}.sh. An attack acts in a *place*: a
# tenant, or a raw container with walls missing, by its name in $place. Refuses to give an attack more than root in its place: what
# reaches further (upper_of, tenant_root, on_host_as) is the host's view, for the victim's and the judge's side of an attack.

attack_programs=/build/tests/host/attacks
# A real file system without nosuid and nodev, which every user of the host may walk through: what tenantd's store is not.
raw_store=/var/tmp/attacks
attack_image=debian12-minimal
attacker=attacker victim=victim
victim_port=7000
bed_size=256 bed_inodes=4000 # of either's disk: MiB, files
# More than one tenant's range, but no tenant has it: the end of the window of ids.
raw_base=1878786048
# The ids that images have on disk.
image_base=603979776
# What an operator may give, and other walls have to hold with: all tenants of the bed have it but the plain one (becomes_plain), for attacks on it.
given_settings=(Fuse=yes PacketSockets=yes)
place=
agent_drop_in=/run/systemd/system/tenantd.service.d/attacks.conf

# --- verdicts ----------------------------------------------------------------------------------------------------------

# An attack ends with one of these (or, which is the same, with that status; its last line is the evidence). What happens by
# accident has another status: the status that means "stopped" is nothing that a shell, tenantctl or a failed test leaves behind.
breached() { verdict "$*"; exit 0; }
stopped() { verdict "$*"; exit "$status_stopped"; }
broken() { verdict "broken: $*"; exit 2; }
verdict() { echo "$*" | tee "$verdict_file"; }
status_stopped=100
verdict_file=/run/test-host/attack-verdict
# Why an attack counts as broken although it said something else.
broken_mark=/run/test-host/attack-broken

# judged_by COMMAND...: for an attack that ends with a test: 0, it succeeded; 1, its last line says what stopped it; else it is broken.
judged_by() {
        local status=0 log=/run/test-host/attack-log
        "$@" >"$log" || status=$?
        cat "$log"
        [[ $status -ne 1 ]] || stopped "$(grep . "$log" | tail -n 1)"
        return "$status"
}

# --- places ----------------------------------------------------------------------------------------------------------

is_raw() { [[ -e $raw_store/$1/init ]]; }

# in_place COMMAND...: as root of the current place, with all that its programs are under; tells output and status.
# A tenant's programs have ${in_place_timeout:-60} seconds (scaled), and 124 is then the status. A command that was never begun
# (tenantctl or raw failed, no such program) makes the attack a broken one, whatever it says itself; not so with
# in_place_may_fail=1, for an attack that ends its own place.
in_place() {
        local status=0 limit=$((${in_place_timeout:-60} * time_scale)) errors=/run/test-host/in-place.$BASHPID said=()
        if is_raw "$place"; then
                timeout "$limit" "$attack_programs/raw" enter "$raw_store/$place" "$@" </dev/null 2>"$errors" || status=$?
        else
                tenantctl run --timeout="$limit" "$place" -- "$@" </dev/null 2>"$errors" || status=$?
        fi
        if [[ -s $errors ]]; then
                mapfile -t said <"$errors"
                printf '%s\n' "${said[@]}" >&2
        fi
        if [[ $status -ne 0 && -z ${in_place_may_fail-} ]] && not_begun "$status" "${said-}"; then
                echo "not performed in $place (status $status): $*" | tee -a "$broken_mark" >&2
        fi
        return "$status"
}

# tenantctl passes the command's status through, which may be one of its own; but then it says something itself.
not_begun() { # STATUS FIRST-LINE-OF-ERRORS
        [[ $1 -eq 127 || ($1 -eq 125 && $2 == raw:*) || ($1 -le 5 && $2 == tenantctl:*) ]]
}

# becomes_plain: a tenant that was given nothing takes the attacker's place; part of the test bed where an attack says this.
plain=plain
becomes_plain() { [[ $place != "$attacker" ]] || place=$plain; }

in_place_sh() { in_place sh -c "$@"; }

# on_host_as UID COMMAND...: as an ordinary user of the host. By a shell, since setpriv(1) itself still has its capabilities when it
# looks for the program.
on_host_as() {
        setpriv --reuid "$1" --regid "$1" --clear-groups --inh-caps=-all sh -c 'exec "$@"' sh "${@:2}" </dev/null
}

# The pid of a place's init, as the host sees it.
tenant_init() {
        local file=/run/tenantd/$1/init pid
        ! is_raw "$1" || file=$raw_store/$1/init
        read -r pid <"$file" # no newline, no success
        [[ -n $pid ]] && echo "$pid"
}

# The first id of a place on the host.
tenant_base() {
        local base
        read -r _ base _ <"/proc/$(tenant_init "$1")/uid_map" && echo "$base"
}

# The merged root of a running place, by the host's path.
tenant_root() { echo "/proc/$(tenant_init "$1")/root"; }

# Where the host stores what a place writes to its root.
upper_of() {
        if is_raw "$1"; then echo "$raw_store/$1/upper"; else echo "/var/lib/tenantd/storage/volumes/$1/upper"; fi
}

tenant_address() { tenantctl show "$1" --property=Address | sed 's/^Address=//'; }

# /attacks, in all places of an image: put into the image, by the way that is the host root's alone.
image_programs_add() { # IMAGE
        local directory=/var/lib/tenantd/images/$1/root/attacks
        [[ -d /var/lib/tenantd/images/$1 ]] || return 0
        rm -rf "$directory" && mkdir "$directory" &&
                find "$attack_programs" -maxdepth 1 -type f -executable -exec cp -t "$directory" {} + &&
                chown -R "$image_base:$image_base" "$directory" && chmod 755 "$directory" "$directory"/*
}

image_programs_remove() { rm -rf "/var/lib/tenantd/images/$1/root/attacks"; } # IMAGE

answers() { place=$1 in_place_may_fail=1 in_place test -x /attacks/euid; }

# careless COMMAND...: as root of the current place, entered by nsenter(1), which takes along what it has: descriptors, environment,
# keys, terminal, and a program of the host's disk.
careless() { "${careless_program:-nsenter}" -t "$(tenant_init "$place")" -a -r -w -- "$@"; }

# in_background NAME COMMAND...: goes on in the current place after COMMAND, which forks when it is ready, has returned.
in_background() {
        if is_raw "$place"; then
                in_place "${@:2}"
        else
                in_place systemd-run --quiet --collect --service-type=forking --property=KillSignal=SIGKILL --unit="$1" -- "${@:2}"
        fi
}

# background_end PROGRAM: ends a program of the current place by the host's hand, whatever the place is able to.
background_end() {
        local init namespace pid
        init=$(tenant_init "$place") || return 0
        namespace=$(readlink "/proc/$init/ns/pid")
        for pid in $(pgrep -x "$1"); do
                [[ $(readlink "/proc/$pid/ns/pid") != "$namespace" ]] || kill -KILL "$pid"
        done
}

# deaf_init: the current tenant gets an init that ignores signals, and has $stop_time seconds to halt; deaf_init_end: its own again.
stop_time=3
deaf_init() {
        in_place_sh 'test -e /sbin/init.saved || { mv /sbin/init /sbin/init.saved && cp /attacks/deaf /sbin/init; }' || return
        weak_unit "$place" stop-time "ExecStart=" "ExecStart=/usr/libexec/tenantd/tenant-run --stop-time=$stop_time %i"
        systemctl restart "tenant@$place"
}

deaf_kill() {
        systemctl kill --signal=KILL "tenant@$place" 2>/dev/null
        wait_for 20 ended "$place"
        systemctl reset-failed "tenant@$place" 2>/dev/null
}

deaf_init_end() {
        deaf_kill
        systemctl start "tenant@$place"
        in_place_sh 'test ! -e /sbin/init.saved || mv -f /sbin/init.saved /sbin/init'
        deaf_kill
        rm -f "/run/systemd/system/tenant@$place.service.d/stop-time.conf"
        systemctl daemon-reload
        systemctl start "tenant@$place"
}

ended() { inactive "$1" || failed "$1"; }

# --- raw containers --------------------------------------------------------------------------------------------------

raw_count=0
raws=()

# raw [WORD...]: a raw container without the walls that the words name becomes the current place. It ends with the attack.
raw() {
        local word words=() base=$raw_base
        for word; do
                if [[ $word == common-range ]]; then
                        base=$(tenant_base "$victim") || return 2
                else
                        words+=("$word")
                fi
        done
        raw_count=$((raw_count + 1))
        place=raw-$BASHPID-$raw_count
        raws+=("$place")
        mkdir -p "$raw_store/$place"
        chmod 755 "$raw_store" "$raw_store/$place"
        "$attack_programs/raw" start "$raw_store/$place" "/var/lib/tenantd/images/$attack_image/root" "$base" \
                /usr/share/tenantd/seccomp-packet-sockets.bpf "${words[@]}"
}

raw_gone() { [[ ! -e /proc/$1 || $(awk '/^State:/ { print $2 }' "/proc/$1/status") == Z ]]; }

raws_end() {
        [[ ${#raws[@]} -eq 0 ]] || "$attack_programs/raw" end "${raws[@]/#/$raw_store/}"
        raws=()
}

# --- the neighbour ---------------------------------------------------------------------------------------------------

# Programs of tenantctl run end with it; a unit stays.
victim_serve() {
        place=$victim in_place systemd-run --quiet --unit=serve --property=Restart=always /attacks/serve "$victim_port"
}

victim_answers() { "$attack_programs/request" "$victim_address" "$victim_port" 0; }

# victim_rate SECONDS: answered requests per second, as customers outside see it: they have processors of their own, so who stands for them
# is served first. Not scaled: it is a rate.
victim_rate() { chrt --fifo 1 "$attack_programs/request" "$victim_address" "$victim_port" "$1"; }

# --- the host --------------------------------------------------------------------------------------------------------

# The host is up to its work: its manager, its bus and the agent answer.
host_answers() {
        systemctl show --property=Version >/dev/null && tenantctl list >/dev/null
}

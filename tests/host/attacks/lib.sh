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
# More than one tenant's range, but no tenant has it: the end of the window of ids.
raw_base=1878786048
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

# --- places ----------------------------------------------------------------------------------------------------------

is_raw() { [[ -e $raw_store/$1/init ]]; }

# in_place COMMAND...: as root of the current place, with all that its programs are under; tells output and status.
# A tenant's programs have ${in_place_timeout:-60} seconds (scaled), and 124 is then the status. A command that was never begun
# (tenantctl or raw failed, no such program) makes the attack a broken one, whatever it says itself; not so with
# in_place_may_fail=1, for an attack that ends its own place.
in_place() {
        local status=0 limit=$((${in_place_timeout:-60} * time_scale)) errors=/run/test-host/in-place.$BASHPID
        if is_raw "$place"; then
                timeout "$limit" "$attack_programs/raw" enter "$raw_store/$place" "$@" </dev/null 2>"$errors" || status=$?
        else
                tenantctl run --timeout="$limit" "$place" -- "$@" </dev/null 2>"$errors" || status=$?
        fi
        if [[ $status -ne 0 && -z ${in_place_may_fail-} ]] && not_begun "$status" "$errors"; then
                echo "not performed in $place (status $status): $*" | tee -a "$broken_mark" >&2
        fi
        [[ ! -s $errors ]] || cat "$errors" >&2
        rm -f "$errors"
        return "$status"
}

# tenantctl passes the command's status through, which may be one of its own; but then it says something itself.
not_begun() { # STATUS ERRORS
        [[ $1 -eq 127 || ($1 -eq 125 && $(<"$2") == raw:*) || ($1 -le 5 && $(<"$2") == tenantctl:*) ]]
}

in_place_sh() { in_place sh -c "$@"; }

# on_host_as UID COMMAND...: as an ordinary user of the host. By a shell, since setpriv(1) itself still has its capabilities when it
# looks for the program.
on_host_as() {
        setpriv --reuid "$1" --regid "$1" --clear-groups --inh-caps=-all sh -c 'exec "$@"' sh "${@:2}" </dev/null
}

# The pid of a place's init, as the host sees it.
tenant_init() {
        if is_raw "$1"; then cat "$raw_store/$1/init"; else init_of "$1"; fi
}

# The first id of a place on the host.
tenant_base() { awk '{ print $2; exit }' "/proc/$(tenant_init "$1")/uid_map"; }

# The merged root of a running place, by the host's path.
tenant_root() { echo "/proc/$(tenant_init "$1")/root"; }

# Where the host stores what a place writes to its root.
upper_of() {
        if is_raw "$1"; then echo "$raw_store/$1/upper"; else echo "/var/lib/tenantd/storage/volumes/$1/upper"; fi
}

tenant_address() { tenantctl show "$1" --property=Address | sed 's/^Address=//'; }

# /attacks in a running place, by the place's own tar.
place_programs() { # NAME
        tar -C "$attack_programs" -c --transform 's,^\.,attacks,' --owner=0 --group=0 --exclude='*.p' . |
                if is_raw "$1"; then
                        "$attack_programs/raw" enter "$raw_store/$1" tar -C / -x
                else
                        inside "$1" tar -C / -x
                fi
}

answers() { place=$1 in_place test -x /attacks/euid; }

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
                /usr/share/tenantd/seccomp.bpf "${words[@]}" &&
                place_programs "$place"
}

raw_gone() { [[ ! -e /proc/$1 || $(awk '/^State:/ { print $2 }' "/proc/$1/status") == Z ]]; }

raw_end() { # NAME
        local directory=$raw_store/$1 group init
        group=$(cat "$directory/cgroup" 2>/dev/null)
        init=$(cat "$directory/init" 2>/dev/null)
        [[ -z $init ]] || kill -KILL "$init" 2>/dev/null
        if [[ -n $group ]]; then
                echo 1 >"$group/cgroup.kill"
                wait_for 10 grep -qx 'populated 0' "$group/cgroup.events"
                find "$group" -depth -type d -exec rmdir {} +
        fi
        [[ -z $init ]] || wait_for 10 raw_gone "$init"
        rm -rf --one-file-system "$directory"
}

raws_end() {
        local name
        for name in "${raws[@]}"; do
                raw_end "$name"
        done
        raws=()
        rmdir "$raw_store" 2>/dev/null || true
}

# --- the neighbour ---------------------------------------------------------------------------------------------------

# Programs of tenantctl run end with it; a unit stays.
victim_serve() {
        place=$victim in_place systemd-run --quiet --unit=serve --property=Restart=always /attacks/serve "$victim_port"
}

victim_answers() { "$attack_programs/request" "$victim_address" "$victim_port" 0; }

# victim_rate SECONDS: answered requests per second, as customers outside see it. Not scaled: it is a rate.
victim_rate() { "$attack_programs/request" "$victim_address" "$victim_port" "$1"; }

# --- the host --------------------------------------------------------------------------------------------------------

host_sysctls=(kernel/{core_pattern,modprobe,hotplug,sysrq,randomize_va_space,kptr_restrict,dmesg_restrict,yama/ptrace_scope,hostname}
        kernel/{perf_event_paranoid,unprivileged_bpf_disabled,panic,pid_max,threads-max,keys/maxkeys,keys/root_maxkeys,modules_disabled}
        fs/{suid_dumpable,protected_symlinks,protected_hardlinks,protected_fifos,protected_regular,file-max,nr_open}
        fs/{inotify/max_user_instances,inotify/max_user_watches,pipe-user-pages-soft,binfmt_misc/status}
        user/{max_user_namespaces,max_net_namespaces,max_mnt_namespaces}
        vm/{overcommit_memory,mmap_min_addr,drop_caches,swappiness}
        net/ipv4/{ip_forward,conf/all/{rp_filter,accept_redirects,route_localnet},ip_unprivileged_port_start}
        net/ipv6/conf/all/{forwarding,accept_ra,accept_redirects} net/netfilter/nf_conntrack_max net/core/{bpf_jit_enable,somaxconn})

# Links and addresses of tenants come and go with them; their own part of the host is judged by the attacks.
host_facts_network() {
        ip -o addr | awk '$2 !~ /^tn[0-9]/ { print "address", $2, $3, $4 }'
        ip -4 route show table all | grep -vE 'dev tn[0-9]|^(unreachable|broadcast|multicast)' | sed 's/^/route /'
        ip -6 route show table all | grep -vE 'dev tn[0-9]|^(unreachable|multicast)| expires ' | sed 's/^/route6 /'
        ip rule | sed 's/^/rule /'
}

# All that no tenant may ever change, one thing per line.
host_facts() {
        (
                cd /proc/sys && for name in "${host_sysctls[@]}"; do
                        [[ ! -r $name ]] || echo "sysctl $name $(<"$name")"
                done
        ) 2>/dev/null
        [[ ! -r /proc/modules ]] || awk '{ print "module", $1 }' /proc/modules
        host_facts_network
        awk '$5 !~ /^\/proc\/sys\/fs\/binfmt_misc|^\/run\/credentials/ { print "mount", $4, $5, $6 }' /proc/self/mountinfo
        sha256sum /etc/{passwd,shadow,group,gshadow,hosts,resolv.conf,hostname,machine-id,subuid,subgid} \
                /usr/libexec/tenantd/* /usr/bin/tenantctl /usr/share/tenantd/seccomp.bpf 2>/dev/null | sed 's/^/file /'
        find /etc/tenantd /usr/lib/tenantd /etc/systemd/system /etc/cron.d /etc/ld.so.preload /root -newer "$host_mark" \
                -type f -printf 'changed %p %T@\n' 2>/dev/null
        find /dev -path /dev/pts -prune -o -type b -printf 'device %p %m %U\n'
        find /var/lib/systemd/coredump /var/crash -mindepth 1 -printf 'core %p\n' 2>/dev/null
        hostname
}

# The host is up to its work: its manager, its bus and the agent answer.
host_answers() {
        systemctl show --property=Version >/dev/null && tenantctl list >/dev/null
}

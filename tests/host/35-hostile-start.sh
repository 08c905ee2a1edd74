#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# slow: every refusal is a start
# timeout: 240
# container: what is refused, and how it is said, is the same on every kernel
# shellcheck disable=SC2154 # what the sourced files assign
#
# A tenant that leaves its own root in a state in which it cannot start, or so that a start might not end: it starts or fails, within its
# time, with words that an operator understands; nothing is left, however often it is released; and put back it starts. What of it leads
# to the host's files is 67-replacement's.
. /src/tests/lib/lib.sh
. /src/tests/lib/tenant.sh
# shellcheck source=tests/host/attacks/lib.sh
. /src/tests/host/attacks/lib.sh
# shellcheck source=tests/host/attacks/paths.sh
. /src/tests/host/attacks/paths.sh
# shellcheck source=tests/host/attacks/store.sh
. /src/tests/host/attacks/store.sh
# shellcheck source=tests/host/attacks/weaken.sh
. /src/tests/host/attacks/weaken.sh

place=hostile
image=hostile-start
limit=20
upper=/var/lib/tenantd/storage/volumes/$place/upper

no_init="refused: BadImage: Cannot execute /sbin/init of the tenant: *"
ended="refused: Failed: Its init ended (exit status 12[67]) before it was up; its console is in: journalctl -u tenant@$place"
# WHAT IS THERE | how the start comes out | how it is made, in the tenant's upper layer, by its own ids; a pattern of what its console says.
states=(
        # init
        "no init|$no_init|whiteout sbin/init|"
        "no /sbin|$no_init|whiteout sbin|"
        "init is a FIFO that all may execute|$ended|mkfifo -m 777 sbin/init|*cannot run /sbin/init: Permission denied*"
        "init is a directory|$ended|mkdir sbin/init|*cannot run /sbin/init: Permission denied*"
        "init is a device|$ended|root:mknod -m 777 sbin/init c 1 5|*cannot run /sbin/init: Permission denied*"
        "init cannot be executed|$no_init|cp ../tiny sbin/init; chmod 644 sbin/init|"
        "init has no rights at all|$no_init|cp ../tiny sbin/init; chmod 0 sbin/init|"
        "init is empty|$ended|: >sbin/init; chmod 755 sbin/init|*cannot run /sbin/init: Exec format error*"
        "init is no program|$ended|echo text >sbin/init; chmod 755 sbin/init|*cannot run /sbin/init: Exec format error*"
        "init is half a program|$ended|head -c 100 ../tiny >sbin/init; chmod 755 sbin/init|*cannot run /sbin/init: *"
        "init is a huge script|$ended|echo '#!/nowhere' >sbin/init; truncate -s 1T sbin/init; chmod 755 sbin/init|*cannot run /sbin/init: *"
        "init is its own interpreter|$ended|echo '#!/sbin/init' >sbin/init; chmod 755 sbin/init|*cannot run /sbin/init: Too many levels of symbolic links*"
        # executed by itself, over and over: as one that never says that it is up it has the time that systemd gives to a start
        "init is a script of what executes it|refused: Result=timeout|echo '#!/proc/self/exe' >sbin/init; chmod 755 sbin/init|"
        "init ignores the world|refused: Result=timeout|cp ../mute sbin/init|"
        "init ends at once|refused: Failed: Its init ended (exit status 0) before it was up; its console is in: journalctl -u tenant@$place|ln -s /attacks/euid sbin/init|"
        "init is a link to itself|$no_init|ln -s init sbin/init|"
        "init is at the end of thousands of links|$no_init|chain 2000; ln -s /links/1 sbin/init|"
        "init is at the end of ten links|started|chain 10; ln -s /links/1 sbin/init|"
        "/sbin is a link to itself|$no_init|rm -r sbin; ln -s sbin sbin|"
        "/sbin leads up and up|started|mkdir -p up; cp ../tiny up/init; rmdir sbin; ln -s ../../../../../../up sbin|"
        # modes and owners
        "the root directory has mode 000|started|chmod 0 .|"
        "all directories have mode 000|started|mkdir -p proc sys run dev etc; chmod 0 proc sys run dev etc .|"
        "the root directory is nobody's|started|root:chown \$((base + 65534)) .|"
        "a default ACL that lets nobody in|started|mkdir -p etc; setfacl -m d:u::---,d:g::---,d:o::--- . etc|"
        # what overlayfs takes for its own
        "whiteouts in the place of /proc, /sys, /run and /dev|started|for d in proc sys run dev; do whiteout \$d; done|"
        "/etc is a whiteout|*|whiteout etc|"
        "/dev is opaque|started|mkdir dev; setfattr -n user.overlay.opaque -v y dev|"
        "/etc is redirected upwards|*|mkdir etc; setfattr -n user.overlay.redirect -v /../../../etc etc|"
        "init is redirected and without data|*|: >sbin/init; chmod 755 sbin/init; setfattr -n user.overlay.metacopy sbin/init; setfattr -n user.overlay.redirect -v /attacks/euid sbin/init|"
        # what a start makes is there already
        "/run is full|started|mkdir -p run/host run/systemd/system; touch run/host/notify run/host/resolv.conf run/tenantd-docker; ln -s /dev/null run/systemd/system/modprobe@.service|"
        "/dev is full|started|mkdir -p dev/pts dev/shm dev/console; ln -s /proc/kcore dev/null; mkfifo dev/full dev/ptmx|"
        "/proc is a link|refused: Failed: /proc of the tenant is not a plain directory*|ln -s / proc|"
        "ten thousand names in the root|started|mkdir \$(seq 10000)|"
)

# What the commands above are made of, for the shell that runs them.
prelude='
        whiteout() { rm -rf "$1" && mkdir -p "$(dirname "$1")" && mknod "$1" c 0 0; }
        chain() {
                mkdir links && cp ../tiny "links/$(($1 + 1))" &&
                        seq "$1" | awk "{ print \$1 + 1, \"links/\" \$1 }" | xargs -n 2 ln -s
        }
        set -e; mkdir -p sbin; rm -rf sbin/init;'

# By the tenant's own ids, but for what needs all of its root's authority ("root: ..."), or the host's (it makes no devices).
make() { # COMMANDS
        local base
        base=$(base_of "$place")
        if [[ $1 == root:* ]]; then
                (cd "$upper" && sh -c "base=$base; $prelude chown -h $base:$base sbin; ${1#root:}")
        else
                in_stored "$place" . sh -c "$prelude $1"
        fi
}

# The tree as it was when it was new, whatever rights it has lost.
unmake() {
        local base
        base=$(base_of "$place")
        rm -rf --one-file-system "${upper:?}" && mkdir -m 755 "$upper" && chown "$base:$base" "$upper" && setfacl -b "$upper"
}

console_has() { # PATTERN SINCE
        # shellcheck disable=SC2053 # it is a pattern
        [[ $(journalctl --no-pager --quiet --output=cat -u "tenant@$place" --after-cursor="$2") == $1 ]]
}

cursor() { journalctl --no-pager --quiet -n 1 --show-cursor | sed -n 's/^-- cursor: //p'; }

# Nothing of a tenant that does not run, but what is its own: and so however often it is released.
released() {
        local census
        rm "/run/tenantd/$place/error" 2>/dev/null
        census=$(census)
        [[ $census == "$census_stopped" ]] && /usr/libexec/tenantd/tenant-run --release "$place" && [[ $(census) == "$census" ]]
}

# Not the ten minutes that a start has, and not the time after that which an init has to halt.
short_patience() {
        weak_unit "$place" short "ExecStart=" "ExecStart=/usr/libexec/tenantd/tenant-run --stop-time=1 %i" "TimeoutStartSec=$((3 * time_scale))"
}

usual_patience() {
        rm -r "/run/systemd/system/tenant@$place.service.d"
        systemctl daemon-reload
}

state_point() { # WHAT PATTERN COMMANDS CONSOLE
        local since
        make "$3" || { skip "it cannot be made there" "$1"; unmake; return; }
        [[ $2 != *=timeout ]] || short_patience
        since=$(cursor)
        start_outcome
        printf 'outcome: %s\nwanted:  %s\n' "$outcome" "$2" >"$tap_log"
        # shellcheck disable=SC2053 # it is a pattern
        [[ $outcome == $2 && $outcome != BLOCKED ]]
        tap_result $? "$1: ${outcome%%: *}"
        [[ -z $4 ]] || ok "$1: its console says why" wait_for 5 console_has "$4" "$since"
        end_tenant
        [[ $2 != *=timeout ]] || usual_patience
        ok "$1: nothing is left" wait_for 5 released
        unmake
}

sysctl -qw net.ipv4.ip_forward=1
mkdir -p /run/test-host/hostile/attacks
ok "an image" tiny_image "$image" /run/test-host/hostile
census_start
ok "a tenant" tenantctl --quiet create "$place" Image="$image"
ok "starts" systemctl start "tenant@$place"
ok "stops" end_tenant
cp "$attack_programs/tiny" "$attack_programs/mute" "$upper/.."
census_stopped=$(census)
for state in "${states[@]}"; do
        IFS='|' read -r what pattern commands console <<<"$state"
        state_point "$what" "$pattern" "$commands" "$console"
done
ok "put back, it starts" systemctl start "tenant@$place"

# A host that is slow to listen: what the tenant's side says about its failure, before it ends, comes through. (Without a network the host's
# part of a start is done first for sure.)
ok "a tenant without a network" tenantctl --quiet create "$place-alone" Image="$image" Profile=plain Network.Backend=none
in_stored "$place-alone" . ln -s / proc
weak_unit "$place-alone" late "Environment=LD_PRELOAD=$attack_programs/late-recv.so"
place=$place-alone start_outcome
is "${outcome%%(*}" "refused: Failed: /proc of the tenant is not a plain directory " "says what is wrong with it, to whom is late, too"
tenants_end "$place" "$place-alone"
ok "nothing is left" census_clean
tenantctl --quiet image remove "$image"

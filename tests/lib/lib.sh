# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For tests that run inside a test host: TAP, what the host has, waiting for events, and the census that proves that
# nothing was left behind. Source it first:  . /src/tests/lib/lib.sh
# The plan is printed and the exit status set when the test ends; a test that ends before its last point by an error of
# its own fails. Refuses to run on a machine that is not a test host, since tests create, kill and remove at will.

[[ -r /run/test-host/has ]] || { echo "Bail out! not a test host: run this by tests/lib/host" >&2; exit 1; }

host_kind=$(</run/test-host/kind)
# Everything in an emulated host takes 10 to 30 times as long: limits are scaled, never results.
time_scale=1
[[ $host_kind == container ]] || time_scale=${HOST_TIME_SCALE:-10}

tap_points=0 tap_failed=0
tap_log=$(mktemp /run/test-host/tap.XXXXXX)
trap tap_end EXIT

tap_end() {
        local status=$?
        rm -f "$tap_log"
        [[ $status -eq 77 && $tap_points -eq 0 ]] && return 0
        [[ $status -eq 0 ]] || echo "# the test itself ended with status $status"
        echo "1..$tap_points"
        [[ $status -ne 0 || $tap_failed -eq 0 ]] || exit 1
}

tap_result() { # STATUS DESCRIPTION
        tap_points=$((tap_points + 1))
        if [[ $1 -eq 0 ]]; then
                echo "ok $tap_points - $2"
                return
        fi
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_points - $2"
        tail -n 40 "$tap_log" | sed 's/^/#   /'
}

# ok DESCRIPTION COMMAND...: a point that holds if COMMAND succeeds. What COMMAND says is shown only if it does not.
ok() {
        local description=$1 status=0
        shift
        "$@" >"$tap_log" 2>&1 </dev/null || status=$?
        [[ $status -eq 0 ]] || echo "status $status of: $*" >>"$tap_log"
        tap_result "$status" "$description"
}

# not_ok DESCRIPTION COMMAND...: a point that holds if COMMAND fails, as it should, and not by a signal or by not existing.
not_ok() {
        local description=$1 status=0
        shift
        "$@" >"$tap_log" 2>&1 </dev/null || status=$?
        echo "status $status, a failure (1 to 125) was wanted of: $*" >>"$tap_log"
        tap_result "$((status < 1 || status > 125))" "$description"
}

# is GOT WANTED DESCRIPTION: a point that holds if two strings are the same.
is() {
        printf 'got:    %s\nwanted: %s\n' "$1" "$2" >"$tap_log"
        tap_result "$([[ $1 == "$2" ]]; echo $?)" "$3"
}

# skip REASON [DESCRIPTION]: a point that cannot be tried here.
skip() {
        tap_points=$((tap_points + 1))
        echo "ok $tap_points - ${2:-not tried} # SKIP $1"
}

# has WORD: is true if this host has it: controllers, quota, modules, apparmor, rlimits, native (speed), kernel (of its own).
# has no-WORD: if it has not.
mapfile -t host_words </run/test-host/has
has() {
        if [[ $1 == no-* ]]; then
                ! has "${1#no-}"
        else
                [[ " ${host_words[*]} " == *" $1 "* ]]
        fi
}

# The minute in which the gate for modules is away, after too many requests, need not be waited for.
gate_back() {
        ! has kernel || [[ -n $(</proc/sys/kernel/modprobe) ]] || systemctl restart tenantd-modules
}

# needs WORD...: skips the whole test where this host lacks one of them.
needs() {
        local word
        for word in "$@"; do
                has "$word" && continue
                echo "1..0 # SKIP needs $word, which this $host_kind host does not have"
                exit 77
        done
}

# ok_with WORD DESCRIPTION COMMAND...: ok, or a skipped point where this host lacks WORD.
ok_with() {
        if has "$1"; then
                ok "${@:2}"
        else
                skip "needs $1" "$2"
        fi
}

# group WORD DESCRIPTION COMMAND...: the points that COMMAND makes, and one that says that there were some; where this host lacks WORD, that one
# is skipped.
group() {
        local points=$tap_points
        if has "$1"; then
                "${@:3}"
                tap_result "$((tap_points == points))" "$2"
        else
                skip "needs $1" "$2"
        fi
}

# wait_for SECONDS COMMAND...: tries COMMAND until it succeeds; false when the (scaled) time is up.
wait_for() {
        local end=$((SECONDS + $1 * time_scale + 1))
        shift
        until "$@" >/dev/null 2>&1; do
                [[ $SECONDS -lt $end ]] || return 1
                sleep 0.05
        done
}

# How long COMMAND takes, in milliseconds, on standard output; its status is ours, its output goes to standard error.
milliseconds() {
        local begun=${EPOCHREALTIME/[.,]/} status=0
        "$@" >&2 || status=$?
        echo $(((${EPOCHREALTIME/[.,]/} - begun) / 1000))
        return "$status"
}

census_mounts() { awk '$5 ~ /tenant/ && $5 != "/var/lib/tenantd" { print "mount", $5 }' /proc/self/mountinfo; }

census_links() { ip -o link | sed -n 's/^[0-9]*: \(tn[^:@]*\).*/link \1/p'; }

census_cgroups() { find /sys/fs/cgroup/tenant.slice -mindepth 1 -type d -printf 'cgroup %P\n' 2>/dev/null; }

# What tenantd puts there; what the kernel counts in sets of its own goes by itself.
census_elements() {
        nft -j list table inet tenantd 2>/dev/null |
                jq -r '.nftables[] | (.set // .map // empty) | .name as $n | select($n | test("^(source$|publish_|egress|ingress)")) | (.elem // [])[] | "element \($n) \(tojson)"'
}

# But for what is made once and stays: the store's directory, locks of names, the network backend's directory.
# Without what tenantd makes once, for all tenants together.
census_files() {
        find /run/tenantd -mindepth 1 ! -path /run/tenantd/.network-routed ! -name .agent-ended-well ! -name .machines ! -name .module-gate -printf 'run %P\n' 2>/dev/null
        find /var/lib/tenantd -mindepth 1 -maxdepth 4 ! -path '*/images/*' ! -path '*/storage/volumes' ! -name .lock ! -name .names ! -name .pending \
                -printf 'state %P\n' 2>/dev/null
        find /etc/tenantd/tenants -mindepth 1 -printf 'definition %P\n' 2>/dev/null
}

census_processes() { ps -eo uid=,comm= | awk '$1 >= 603979776 { print "process", $1, $2 }'; }

# In a container host the loop devices are the machine's: ours are those whose file exists here.
census_loops() {
        losetup -l -n -O NAME,BACK-FILE 2>/dev/null | while read -r name file; do
                [[ ! -e ${file% (deleted)} && $file != *tenant* ]] || echo "loop $name $file"
        done
}

census_projects() {
        has quota && repquota -P -n /var/lib/tenantd 2>/dev/null |
                awk '/^#/ && $1 != "#0" && ($3 || $4 || $5 || $6 || $7 || $8) { print "project", $1 }'
}

census_units() {
        systemctl list-units --all --plain --no-legend --no-pager 'tenant@*' | awk '{ print "unit", $1, $3 }'
        systemctl list-jobs --plain --no-legend --no-pager | awk '/tenant/ { print "job", $2, $3 }'
}

# All that tenants are made of and that must be gone when they are, one thing per line.
census() {
        {
                census_mounts
                census_links
                census_cgroups
                census_elements
                census_files
                census_processes
                census_loops
                census_projects
                census_units
        } | LC_ALL=C sort
}

# census_start, then any number of times: ok "nothing is left" census_clean. What ends a moment later has 5 s for it.
census_start() { census_before=$(census); }

census_same() { [[ $(census) == "$census_before" ]]; }

census_clean() { # [CENSUS]: to compare with, instead of that of census_start
        local census_before=${1-${census_before?census_start was not called}}
        wait_for 5 census_same || { diff <(echo "$census_before") <(census); false; }
}

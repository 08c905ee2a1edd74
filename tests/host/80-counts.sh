#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a start costs, counted, since counts do not depend on the machine: system calls beside those of the floor program,
# programs executed, bus messages, private memory of the runner. Times are in tests/bench/start.
# timeout: 120
# shellcheck source=tests/lib/lib.sh
. /src/tests/lib/lib.sh
# shellcheck source=tests/lib/tenant.sh
. /src/tests/lib/tenant.sh

place=/var/tmp/counts
trace=/run/test-host/counts.trace

# --- the floor: the bare system calls of one tenant ------------------------------------------------------------------

floor_stage() {
        mkdir -p "$place"/image/{proc,sys,dev,run} "$place/volume" /sys/fs/cgroup/counts
        cp /build/tests/bench/payload "$place/image/init"
        chown -R 603979776:603979776 "$place/image"
}

floor_trace() { # FILE
        strace -f -o "$1" /build/tests/bench/floor "$place/image" "$place/volume" /sys/fs/cgroup/counts
}

floor_end() {
        rmdir /sys/fs/cgroup/counts
        rm -rf "$place"
}

# --- ours: the runner of the unit under strace -----------------------------------------------------------------------

# -D: the runner stays the unit's main process, strace is beside it; both in the leaf that the runner would go to anyway, since
# no process may be in the unit's own cgroup when controllers are enabled below it.
traced() { # NAME FILE
        local directory=/run/systemd/system/tenant@$1.service.d group=/sys/fs/cgroup/tenant.slice/tenant@$1.service/runner
        mkdir -p "$directory"
        printf '[Service]\nExecStart=\nExecStart=/bin/sh -c "%s; exec strace -D -f -o %s /usr/libexec/tenantd/tenant-run %%i"\n' \
                "mkdir -p $group && echo \$\$\$\$ >$group/cgroup.procs" "$2" >"$directory/strace.conf"
        systemctl daemon-reload
}

untraced() { # NAME
        rm -rf "/run/systemd/system/tenant@$1.service.d"
        systemctl daemon-reload
}

# Calls of a strace -f log up to and with the exec of PROGRAM that succeeded; one that was interrupted counts once, the
# floor's waiting for its payload not at all.
calls_until() { # FILE PROGRAM
        awk -v program="execve(\"$2\"" '
                / <\.\.\. / { if (waits[$1] && / = 0$/) { exit }; next }
                /^[0-9]+ +(---|\+\+\+)/ || /\/upper\/started"|nanosleep/ { next }
                { print }
                index($0, program) { if (/ = 0$/) { exit }; waits[$1] = / <unfinished/ }' "$1"
}

# --- the bus ---------------------------------------------------------------------------------------------------------

monitor_start() { # FILE
        busctl monitor --json=short >"$1" 2>/run/test-host/counts.monitor &
        monitor=$!
        ok "(the monitor listens)" wait_for 10 grep -q "Monitoring bus message" /run/test-host/counts.monitor
}

monitor_end() { # until the monitor has seen a last call of ours
        busctl call org.freedesktop.DBus / org.freedesktop.DBus NameHasOwner s "end.of.test$$" >/dev/null
        ok "(the monitor saw all)" wait_for 10 grep -q "end.of.test$$" "$1"
        kill "$monitor"
        wait "$monitor" 2>/dev/null
}

# Messages that the agent sends or is sent: method calls, replies and signals. The end of a job's object, half a minute after the job,
# falls into somebody else's time: it is counted with its own job, as one.
agent_messages() { # FILE
        local name
        name=$(busctl call org.freedesktop.DBus / org.freedesktop.DBus GetNameOwner s org.tenantd1 | sed 's/^s "\(.*\)"$/\1/')
        jq -c --arg name "$name" 'select(.sender == $name or .destination == $name or .destination == "org.tenantd1")
                | select(.member != "InterfacesRemoved")
                | [.type, .sender, .destination, .member]' "$1"
        echo '["signal","","","InterfacesRemoved"]'
}

members() { jq -r '.member // empty' "$1" | sort -u; }

units_loaded() { systemctl show -P UnitsLoadTimestampMonotonic; }

at_most() { # NUMBER LIMIT
        echo "$1 of at most $2"
        [[ -n $1 && $1 -gt 0 && $1 -le $2 ]]
}

# Kibibytes that are the process's own: written, or in no file. The rest is page cache and text, shared with other runners.
private_memory() { # PID
        awk '/^[0-9a-f]+-[0-9a-f]+ / { anonymous = $5 == 0 }
                /^Private_Dirty:/ || (anonymous && /^Private_Clean:/) { sum += $2 }
                END { print sum }' "/proc/$1/smaps"
}

# Directly, since tenantctl asks for more than the start.
start_by_bus() { # NAME
        busctl call org.tenantd1 "/org/tenantd1/tenant/$1" org.tenantd1.Tenant Start 'a{sv}' 0 &&
                wait_for 20 grep -q '"interface":"org.tenantd1.Manager","member":"JobRemoved".*"done"' "$trace.agent"
}

ok "an image" image debian12-minimal
ok "a first tenant, for the host's mounts, table and caches" tenant first
ok "its start" systemctl start tenant@first
ok "its stop" systemctl stop tenant@first
tenants_end first
census_start
ok "create" tenant counted
ok "create another" tenant other

floor_stage
ok "the floor under strace" floor_trace "$trace.floor"
floor_end
traced counted "$trace.start"
ok "a start under strace" systemctl start tenant@counted
ok "and its stop" systemctl stop tenant@counted
untraced counted

calls_until "$trace.floor" /init >"$trace.floor.calls"
calls_until "$trace.start" /sbin/init >"$trace.calls"
floor=$(wc -l <"$trace.floor.calls") ours=$(wc -l <"$trace.calls")
ok "the floor was traced to its exec: $floor calls" grep -q 'execve("/init"' "$trace.floor.calls"
ok "at most three times the floor's system calls: $ours of $((3 * floor))" at_most "$ours" $((3 * floor))
is "$(grep -oE 'execve\("[^"]*"|execveat\([0-9]+, ""' "$trace.calls" | sed 's/(.*, ""/(shim/' | tr '\n' ' ')" \
        'execve("/usr/libexec/tenantd/tenant-run" execveat(shim execve("/sbin/init" ' "nothing is executed but init, by the shim in memory"
# strace knows the types of some sockets only, for others it prints the flag (0x300) as a number.
not_ok "no list of links, addresses, routes or rules" grep -E 'sendto.*(NLM_F_DUMP|[|]0x300)' "$trace.calls"
not_ok "no bus" grep -E 'connect\(.*(system_bus_socket|systemd/private)' "$trace.calls"
reads=$(grep -c 'open.*mountinfo' "$trace.calls")
ok "at most one reading of the mount table: $reads" test "$reads" -le 1

loaded=$(units_loaded)
monitor_start "$trace.unit"
ok "systemctl start" systemctl start tenant@counted
monitor_end "$trace.unit"
ok "the agent is up" busctl call org.tenantd1 /org/tenantd1 org.tenantd1.Manager GetTenant s other
monitor_start "$trace.agent"
ok "Start over the bus" start_by_bus other
monitor_end "$trace.agent"
is "$(units_loaded)" "$loaded" "no daemon-reload"
not_ok "no unit listing, no reload" grep -xhE 'ListUnits.*|Reload|Reexecute' <(members "$trace.unit") <(members "$trace.agent")
agent_messages "$trace.agent" >"$trace.messages"
count=$(wc -l <"$trace.messages")
ok "the agent asked systemd" grep -q StartUnit "$trace.messages"
ok "at most 12 bus messages of the agent's: $count" at_most "$count" 12
echo "# they are: $(jq -r '.[3] // .[0]' "$trace.messages" | tr '\n' ' ')"

for name in counted other; do
        size=$(private_memory "$(runner_of "$name")")
        ok "private memory of the runner of $name: $size KiB" at_most "$size" 150
done
tenants_end counted other
rm -f "$trace"*
ok "nothing is left" census_clean

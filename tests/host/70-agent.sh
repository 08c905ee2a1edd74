#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The agent may die: killed at work, ended when idle, always back by the bus, and no tenant notices. And what busctl shows of it.
# timeout: 120
# shellcheck source=tests/lib/lib.sh
. /src/tests/lib/lib.sh
# shellcheck source=tests/lib/tenant.sh
. /src/tests/lib/tenant.sh

agent() { systemctl show -P MainPID tenantd; }
agent_gone() { [[ $(agent) == 0 ]]; }
kill_agent() { systemctl kill --signal=KILL --kill-whom=all tenantd; }
path=/org/tenantd1/tenant
manager=(org.tenantd1 /org/tenantd1 org.tenantd1.Manager)

ok "an image" image debian12-minimal
census_start

# --- what busctl shows
ok "the bus starts it" busctl call "${manager[@]}" ListTenants
ok "created by busctl" busctl call "${manager[@]}" CreateTenant 'sa{sv}' first 2 Image s debian12-minimal Profile s plain
ok "(its object comes)" wait_for 5 busctl get-property org.tenantd1 $path/first org.tenantd1.Tenant State
ok "created by tenantctl" tenant se-cond
tree=$(busctl --list tree org.tenantd1)
for object in /org/tenantd1 $path/first $path/se_2dcond /org/tenantd1/image/debian12_2dminimal /org/tenantd1/backend/network_routed; do
        ok "in the tree: $object" grep -qx "$object" <(echo "$tree")
done
shown=$(busctl introspect org.tenantd1 $path/first)
for member in .Start .Stop .Restart .Kill .Set .GetUsage .Run .State .Image .Address .Settings org.freedesktop.DBus.Properties; do
        ok "introspection shows $member" grep -qE "^$member " <(echo "$shown")
done
not_ok "no Docker where there is none" grep -q org.tenantd1.Docker <(echo "$shown")
is "$(busctl get-property org.tenantd1 $path/first org.tenantd1.Tenant State)" 's "stopped"' "state"
is "$(busctl --json=short call org.tenantd1 /org/tenantd1 org.freedesktop.DBus.ObjectManager GetManagedObjects |
        jq -r '.data[0] | keys[] | select(test("/tenant/"))' | wc -l)" 2 "all tenants by the object manager"
not_ok "another user creates none" setpriv --reuid 1000 --clear-groups busctl call "${manager[@]}" CreateTenant 'sa{sv}' his 1 Image s debian12-minimal
not_ok "nor does he run programs" setpriv --reuid 1000 --clear-groups busctl call org.tenantd1 $path/first org.tenantd1.Tenant Run 'asa{sv}' 1 true 0

# --- monitor during a start
busctl --json=short monitor org.tenantd1 >/run/test-host/monitor 2>/dev/null &
monitor=$!
ok "(the monitor sees)" wait_for 5 bash -c 'tenantctl list >/dev/null; test -s /run/test-host/monitor'
ok "start over the bus" tenantctl --quiet start first
saw() { grep -qE "$1" /run/test-host/monitor; }
ok "seen: the job ends well" wait_for 5 saw '"JobRemoved".*"data":\[[0-9]+,"/org/tenantd1/job/[0-9]+","done",""\]'
ok "seen: the state changes" wait_for 5 saw '"path":"/org/tenantd1/tenant/first".*"PropertiesChanged".*"State":\{"type":"s","data":"running"\}'
kill $monitor
wait $monitor 2>/dev/null
rm -f /run/test-host/monitor
ok "stop over the bus" tenantctl --quiet stop first

# --- what tenantctl does to a running tenant
ok "start" tenantctl --quiet start first
pid=$(init_of first)
ok "restart" tenantctl --quiet restart first
not_ok "is another start" test "$(init_of first)" = "$pid"
is "$(tenantctl run first -- head -c 1048576 /dev/zero | wc -c)" 1048576 "all output of a program, up to the limit"
tenantctl run first -- head -c 1048577 /dev/zero >/run/test-host/cut 2>/run/test-host/said
is "$?" 1 "a byte more is no success"
ok "which is said" grep -q '1 MiB' /run/test-host/said
is "$(stat -c %s /run/test-host/cut)" 1048576 "and the rest is there"
rm -f /run/test-host/cut /run/test-host/said
is "$(tenantctl --quiet run first -- sh -c 'head -c 2000000 /dev/zero; exit 7' >/dev/null 2>&1; echo $?)" 7 "the program's own failure stays"
ok "kill" tenantctl --quiet kill first --signal=KILL
ok "ends it" wait_for 20 failed first
systemctl reset-failed tenant@first
ok "backends, with what this host lacks" grep -Eq '^routed +network +[^ ]+ +yes' <(tenantctl backends)

# --- kill -9
ok "a job to start" busctl call org.tenantd1 $path/first org.tenantd1.Tenant Start 'a{sv}' 0
kill_agent
ok "killed: it starts all the same" wait_for 20 active first
pid=$(init_of first)
is "$(tenantctl show first --quiet --property=State)" running "the next agent knows"
tenantctl run --timeout=60 first -- sh -c 'setsid sleep 61 & sleep 60' >/run/test-host/run 2>&1 &
client=$!
sleeps() { inside first pgrep -x sleep; }
no_sleeps() { ! sleeps; }
ok "a program runs in it" wait_for 5 sleeps
kill_agent
not_ok "killed: the caller is told" wait $client
rm -f /run/test-host/run
ok "its program is gone" wait_for 5 no_sleeps
is "$(init_of first)" "$pid" "the tenant did not notice"
ok "it is well" active first
# A caller who leaves the bus takes his program with him, long before its time is over.
busctl --timeout=600 call org.tenantd1 $path/first org.tenantd1.Tenant Run 'asa{sv}' 2 sleep 500 1 TimeoutUSec t 600000000 \
        >/run/test-host/run 2>&1 &
client=$!
ok "a program of a caller's" wait_for 10 sleeps
kill -KILL $client
wait $client 2>/dev/null
ok "ends when he leaves" wait_for 10 no_sleeps
ok "and the next program runs" tenantctl run first -- true
no_cgroup() { ! compgen -G '/sys/fs/cgroup/tenant.slice/tenant@first.service/payload/tenantd.run.*'; }
ok "nothing of it is left" wait_for 5 no_cgroup
ok "a job to stop" busctl call org.tenantd1 $path/first org.tenantd1.Tenant Stop 'a{sv}' 0
kill_agent
ok "killed: it stops all the same" wait_for 20 inactive first
for i in 1 2 3 4 5; do
        tenantctl --quiet create --no-wait "half$i" Image=debian12-minimal Profile=docker >/dev/null 2>&1
        kill_agent
        systemctl reset-failed tenantd
done
whole_or_none() {
        local name
        tenantctl --quiet list >/dev/null || return
        for name in /var/lib/tenantd/tenants/half* /var/lib/tenantd/storage/volumes/half* /var/lib/tenantd/storage/volumes/.pending/*; do
                [[ ! -e $name || -e /etc/tenantd/tenants/$(basename "$name").conf ]] || { echo "$name without a definition"; return 1; }
        done
}
ok "killed while it creates: all of a tenant, or nothing" wait_for 10 whole_or_none
for i in 1 2 3 4 5; do
        [[ ! -e /etc/tenantd/tenants/half$i.conf ]] || ok "half$i is whole" bash -c "systemctl start tenant@half$i && systemctl stop tenant@half$i && tenantctl --quiet remove half$i"
done

# --- idle
systemctl start tenant@first
pid=$(init_of first)
mkdir -p /run/systemd/system/tenantd.service.d
printf '[Service]\nExecStart=\nExecStart=/usr/libexec/tenantd/tenantd --idle-sec=1\n' >/run/systemd/system/tenantd.service.d/idle.conf
systemctl daemon-reload
systemctl stop tenantd
ok "called" tenantctl list
not_ok "it runs" agent_gone
ok "and ends when nobody calls" wait_for 10 agent_gone
is "$(systemctl show -P Result tenantd)" success "well"
is "$(init_of first)" "$pid" "the tenant did not notice"
ok "and comes back" tenantctl run first -- true
rm -r /run/systemd/system/tenantd.service.d
systemctl daemon-reload
systemctl stop tenantd

# --- changes by hand are seen
ok "(called)" tenantctl list
systemctl stop tenant@first
state_is() { [[ $(tenantctl --quiet show "$1" --property=State) == "$2" ]]; }
ok "a stop by systemctl shows" wait_for 5 state_is first stopped
systemctl start tenant@first
ok "a start by systemctl shows" wait_for 5 state_is first running
systemctl stop tenant@first
ok "remove" tenantctl --quiet remove first se-cond
ok "nothing is left" census_clean

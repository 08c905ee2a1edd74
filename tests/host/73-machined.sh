#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Tenants as machines of systemd-machined: machinectl, journalctl -M and names of hosts work unasked; whatever machined does, no start
# and no stop waits for it; whatever a tenant does, machined goes on for others.
# timeout: 240
# container: the bus and machined, the same on every kernel
# shellcheck source=tests/lib/lib.sh
. /src/tests/lib/lib.sh
# shellcheck source=tests/lib/tenant.sh
. /src/tests/lib/tenant.sh

manager=(org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager)
policy=/usr/share/dbus-1/system.d/tenantd-machined.conf

as_alice() { setpriv --reuid alice --regid alice --clear-groups --reset-env -- "$@"; }

of_machine() { machinectl show "$1" -p "$2" --value 2>/dev/null; } # NAME PROPERTY

# NAME: the machine is the tenant of this name as it runs now.
known() { [[ $(of_machine "$1" Leader) == "$(init_of "$1")" && $(of_machine "$1" Unit) == "tenant@$1.service" ]]; }

unknown() { ! machinectl show "$1"; }

ended() {
        [[ $(systemctl is-active "tenant@$1") == inactive && $(systemctl show -P Result "tenant@$1") == success ]]
}

uuid_of() { sed -n 's/^UUID *= *//Ip' "/var/lib/tenantd/tenants/$1/allocation" | tr -d -; }

address_of() { tenantctl show "$1" --json | jq -r .Address; }

machined() { pidof systemd-machined; }

denied() {
        local text
        text=$(as_alice "$@" 2>&1) && return 1
        echo "$text"
        [[ $text =~ [Aa]uthent|[Aa]uthoriz|denied|"polkit.service is masked" ]]
}

# A machine of somebody else's: a service of the host, registered as nspawn would.
foreign() { # NAME
        systemd-run --quiet --unit="foreign-$1" sleep infinity
        busctl call "${manager[@]}" RegisterMachine sayssus "$1" 0 foreign container "$(systemctl show -P MainPID "foreign-$1")" ""
}

is_foreign() { [[ $(of_machine "$1" Unit) == "foreign-$1.service" ]]; }

ok "an image" image debian12-minimal
ok "(a first tenant)" tenant first
ok "(its start)" systemctl start tenant@first
ok "(its stop)" systemctl stop tenant@first
tenants_end first
census_start
ok "create" tenant acme
ok "create another" tenant rival

# --- it is there without being asked for, and without the agent
systemctl mask --now --quiet --runtime tenantd
ok "start, with the agent masked" systemctl start tenant@acme
ok "machined knows it" wait_for 10 known acme
systemctl unmask --quiet --runtime tenantd
ok "start of another" systemctl start tenant@rival
ok "and that one" wait_for 10 known rival
is "$(of_machine acme Class) $(of_machine acme Service) $(of_machine acme Id)" "container tenantd $(uuid_of acme)" "as what it is"
ok "machinectl list" bash -c 'machinectl list --no-legend | grep -E "^acme +container +tenantd"'
ok "machinectl status: its link" bash -c "machinectl status acme --no-pager | grep -E 'Iface: tn[0-9]+'"
ok "and its processes" bash -c "machinectl status acme --no-pager | grep /sbin/init"
is "$(getent hosts acme)" "$(address_of acme)      acme" "its name is its address"
not_ok "a name that is none" getent hosts nobody-s
inside acme systemd-cat echo "said to the journal in memory"
ok "journalctl -M" wait_for 10 bash -c "journalctl -M acme | grep 'said to the journal in memory'"
not_ok "is that tenant's" bash -c "journalctl -M rival | grep 'said to the journal in memory'"
inside acme sh -c 'mkdir -p /var/log/journal && journalctl --flush && systemd-cat echo "said to the journal on disk"'
ok "the journal on disk as well" wait_for 10 bash -c "journalctl -M acme | grep 'said to the journal on disk'"
is "$(machinectl shell --quiet acme /usr/bin/id -u 2>/dev/null | tr -d '\r\n')" 0 "root gets a shell"

# --- nobody else does
ok "a user gets no shell, by the rules as installed" denied machinectl shell --quiet acme /usr/bin/id
for call in "OpenMachineShell sssasas acme root /usr/bin/id 0 0" "OpenMachineLogin s acme" "OpenMachinePTY s acme" \
        "OpenMachineRootDirectory s acme" "KillMachine ssi acme leader 9" "TerminateMachine s acme" "UnregisterMachine s acme" \
        "CopyFromMachine sss acme /etc/shadow /tmp/x" "RegisterMachine sayssus evil 0 tenantd container $$ /"; do
        read -ra words <<<"$call"
        ok "nor ${words[0]}" denied busctl call "${manager[@]}" "${words[@]}"
done
systemctl mask --now --quiet --runtime polkit
ok "nor a shell without polkit" denied machinectl shell --quiet acme /usr/bin/id
systemctl unmask --quiet --runtime polkit
ok "it is still known" known acme

# --- what machinectl does is what systemctl does
ok "machinectl poweroff" machinectl poweroff acme
ok "ends it well" wait_for 30 ended acme
ok "it is known no more" wait_for 5 unknown acme
ok "start" systemctl start tenant@acme
ok "(known)" wait_for 10 known acme
former=$(init_of acme)
ok "machinectl reboot" machinectl reboot acme
ok "starts it anew" wait_for 30 started_anew acme "$former"
ok "known by its new init" wait_for 10 known acme
former=$(init_of acme)
ok "systemctl restart" systemctl restart tenant@acme
ok "the same" wait_for 10 known acme
ok "machinectl terminate" machinectl terminate acme
ok "ends it well, too" wait_for 30 ended acme
ok "and is known no more" wait_for 5 unknown acme
ok "(start)" systemctl start tenant@acme
ok "(known)" wait_for 10 known acme
kill -KILL "$(runner_of acme)"
ok "kill -9 of the runner leaves no machine" wait_for 10 unknown acme
systemctl reset-failed tenant@acme

# --- another machine has the name
systemctl stop tenant@rival
ok "(not known)" wait_for 5 unknown rival
ok "a machine of somebody else's" foreign rival
ok "the tenant of this name starts" systemctl start tenant@rival
ok "the journal says it" wait_for 10 bash -c "journalctl -u tenant@rival | grep 'another machine .rival., of foreign-rival.service'"
ok "the machine is the other's" is_foreign rival
ok "stop" systemctl stop tenant@rival
ok "start of some other" systemctl start tenant@acme
ok "when that is known" wait_for 10 known acme
ok "the other's is still there" is_foreign rival
systemctl stop foreign-rival
ok "(gone)" wait_for 5 unknown rival

# --- with a machined that does not, or is not there: the time of a start and a stop
round() { systemctl start tenant@rival && systemctl stop tenant@rival; }
# One call that waited for machined would take 25 s.
as_fast() { # MILLISECONDS
        echo "$1 ms, with machined $usual ms"
        [[ $1 -gt 0 && $1 -lt $((usual + 15000 * time_scale)) ]]
}
usual=$(milliseconds round)
kill -STOP "$(machined)"
time=$(milliseconds round)
ok "with a machined that hangs: $time ms, else $usual" as_fast "$time"
time=$(milliseconds systemctl start tenant@rival)
ok "a start: $time ms" as_fast "$time"
ok "that it does not answer is said" wait_for 60 bash -c "journalctl -u tenantd-machines | grep 'does not answer'"
kill -CONT "$(machined)"
ok "when it goes on, the tenant becomes known" wait_for 60 known rival
systemctl stop tenant@rival
systemctl mask --now --quiet --runtime systemd-machined
time=$(milliseconds round)
ok "with a masked machined: $time ms" as_fast "$time"
systemctl start tenant@rival
systemctl unmask --quiet --runtime systemd-machined
ok "unmasked: the next start" systemctl restart tenant@rival
ok "is told again" wait_for 20 known rival
systemctl mask --now --quiet --runtime tenantd-machines.socket
systemctl stop tenantd-machines.service
time=$(milliseconds systemctl restart tenant@rival)
ok "and with our own socket masked: $time ms" as_fast "$time"
not_ok "then nothing is told" known rival
systemctl unmask --quiet --runtime tenantd-machines.socket
ok "the next start (of another)" systemctl restart tenant@acme
ok "makes up for it" wait_for 20 known rival
ok "(known)" wait_for 10 known acme

# --- a hostile tenant
prompt() { timeout $((5 * time_scale)) "$@"; }
list() { as_alice timeout $((5 * time_scale)) machinectl list --no-legend; }
os_release() { as_alice timeout $((5 * time_scale)) busctl call "${manager[@]}" GetMachineOSRelease s acme; }
refused() { os_release 2>&1 | grep -i denied; }
answers() { prompt machinectl show victim -p Unit; }
waits() { ! timeout 2 machinectl show victim; }
bus_reload() { busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus ReloadConfig; }
ok "(a machine of somebody else's)" foreign victim
inside acme sh -c 'rm -f /etc/os-release; mkfifo -m 666 /etc/os-release'
ok "a FIFO for os-release: machinectl list" list
ok "nobody may ask for it" refused
ok "nor does that keep machined" answers
is "$(stat -c %U:%a /run/systemd/machine)" root:700 "nor by the socket of newer ones"
mv "$policy" "$policy.away"
bus_reload >/dev/null
os_release >/dev/null 2>&1
is $? 124 "without our rule for the bus it waits"
ok "and so does everybody else" waits
ok "until the watchdog ends it" wait_for 30 is_foreign victim
mv "$policy.away" "$policy"
bus_reload >/dev/null
inside acme sh -c 'ip -batch - <<B
$(for i in $(seq 0 9999); do echo "addr add 10.$((i / 65536)).$((i / 256 % 256)).$((i % 256))/32 dev lo"; done)
B'
ok "ten thousand addresses: machinectl list" list
ok "the host's commands go on" answers
inside acme sh -c 'rm -rf /var/log/journal /run/log/journal; mkfifo /var/log/journal; ln -s /run/log/journal /run/log/journal'
ok "a FIFO and a link for its journals: journalctl -M ends" prompt journalctl -M acme -n 1
# A bus of the tenant's own that takes connections and says nothing: machined waits for it as long as its watchdog lets it.
inside acme sh -c 'systemctl stop dbus.socket dbus.service; rm -f /run/dbus/system_bus_socket'
python3 - "/proc/$(init_of acme)/root/run/dbus" "$(stat -c %u "/proc/$(init_of acme)")" <<'P' &
import os, socket, sys
os.chdir(sys.argv[1])
os.setegid(int(sys.argv[2]))
os.seteuid(int(sys.argv[2]))
s = socket.socket(socket.AF_UNIX)
s.bind("system_bus_socket")
os.chmod("system_bus_socket", 0o666)
s.listen(16)
held = []
while True: held.append(s.accept())
P
mute=$!
ok "(a mute bus)" wait_for 10 test -S "/proc/$(init_of acme)/root/run/dbus/system_bus_socket"
before=$(machined)
machinectl shell --quiet acme /bin/true >/dev/null 2>&1 &
shell=$!
ok "machinectl shell with a mute bus: machined waits" wait_for 10 waits
ok "until the watchdog ends it" wait_for 40 is_foreign victim
not_ok "the shell has failed" wait $shell
not_ok "it was begun anew" test "$(machined)" = "$before"
ok "and knows all it knew" known acme
kill $mute
tenants_end acme rival
systemctl stop foreign-victim
ok "nothing is left" census_clean

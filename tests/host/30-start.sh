#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 120
# shellcheck disable=SC2154 # what the sourced files assign
# A tenant's life under systemd: start, what init finds, stop, reboot and power-off from inside, kill -9, many at once.
. /src/tests/lib/lib.sh
. /src/tests/lib/tenant.sh

# The composer has done its work: of the runner's children only init is left.
composed() { [[ $(pgrep -P "$(runner_of "$1")") == "$(init_of "$1")" ]]; }

ok "an image" image debian12-minimal
census_start
ok "create" tenant one
ok "systemctl start" systemctl start tenant@one
is "$(inside one systemctl is-system-running --wait)" running "its own systemd is up"
is "$(inside one hostname)" one "its own host name"
is "$(inside one cat /etc/machine-id)" "$(sed -n 's/^Uuid=//p' /var/lib/tenantd/tenants/one/allocation | tr -d -)" "its own machine id"
is "$(inside one id -u)" 0 "root inside"
pid=$(init_of one)
uid=$(stat -c %u "/proc/$pid")
ok "and nobody outside: uid $uid" test "$uid" -ge 604241920
is "$(awk '{print $1, $3}' "/proc/$pid/uid_map")" "0 262144" "one range of ids"
is "$(awk '/^Seccomp:/ {print $2}' "/proc/$pid/status")" 2 "a system call filter"
is "$(awk '/^NoNewPrivs:/ {print $2}' "/proc/$pid/status")" 0 "set-uid programs work inside"
for namespace in user mnt pid net ipc uts cgroup; do
        ok "a $namespace namespace of its own" test "$(readlink "/proc/$pid/ns/$namespace")" != "$(readlink "/proc/1/ns/$namespace")"
done
is "$(tr '\0' '\n' <"/proc/$pid/environ" | sed 's/=.*//' | sort | tr '\n' ' ')" "NOTIFY_SOCKET PATH TERM container container_uuid " \
        "nothing of the host in init's environment"
not_ok "no descriptor of the host in init" bash -c "ls -l /proc/$pid/fd | grep -E 'tenantd|/src|/var/lib'"
places='^[^ ]+ [^ ]*/(var/lib/tenantd|src)[/ ]'
not_ok "none of the host's mounts is left" inside one grep -E "$places" /proc/self/mounts
ok "(which the host has)" grep -E "$places" /proc/self/mounts
ok "proc, sysfs and cgroup2 of its own" inside one test -e /proc/sys/net/ipv4/ip_forward -a -d /sys/class/net/eth0 -a -w /sys/fs/cgroup/cgroup.procs
ok "a user inside has user namespaces, with a /proc" inside one setpriv --reuid 1000 --clear-groups unshare -Urpf --mount-proc true
not_ok "limits are above its line" inside one test -e /sys/fs/cgroup/runner
# Both by forged credentials, as the host's root alone may; returns when systemd has read it.
says() { NOTIFY_SOCKET=/run/systemd/notify systemd-notify --pid="$1" --status="$2"; } # PID STATUS
ok "systemd is told something in the runner's name" says "$(runner_of one)" heard
is "$(systemctl show -P StatusText tenant@one)" heard "and takes it"
ok "and in init's" says "$pid" forged
is "$(systemctl show -P StatusText tenant@one)" heard "and does not: the runner alone speaks for the unit"
not_ok "a second start of the same program is refused" /usr/libexec/tenantd/tenant-run one
not_ok "a running tenant cannot be removed" tenantctl remove one
not_ok "nor what it runs on be released" /usr/libexec/tenantd/tenant-run --release one
ok "with words that say what to do" bash -c '/usr/libexec/tenantd/tenant-run --release one 2>&1 | grep "systemctl stop tenant@one"'
ok "it keeps its network" inside one test -d /sys/class/net/eth0
ok "stop" systemctl stop tenant@one
ok "inactive" inactive one

ok "start again" systemctl start tenant@one
before=$(init_of one)
ok "reboot from inside" inside one systemctl reboot
ok "it is up again with another init" wait_for 20 started_anew one "$before"
ok "power off from inside" inside one systemctl poweroff
ok "the unit ends cleanly" wait_for 20 inactive one

ok "start for kill -9 of the runner" systemctl start tenant@one
pid=$(init_of one)
ok "kill -9" kill -KILL "$(runner_of one)"
ok "the unit fails" wait_for 20 failed one
not_ok "init is gone" test -e "/proc/$pid/root"
ok "and it starts again" systemctl start tenant@one

# The first process of a pid namespace is not sent what it has no handler for yet.
ok "an init that hears nothing for some seconds" inside one sh -c \
        'printf "#!/bin/sh\nsleep 5\nexec /lib/systemd/systemd\n" >/sbin/slow && chmod 755 /sbin/slow && mv /sbin/slow /sbin/init'
ok "stop" systemctl stop tenant@one
systemctl start --no-block tenant@one
ok "is begun" wait_for 20 composed one
ok "and stopped meanwhile" timeout $((40 * time_scale)) systemctl stop tenant@one
ok "inactive" inactive one
not_ok "it halts and is not killed" journal_has -u tenant@one --grep="did not halt"
rm /var/lib/tenantd/storage/volumes/one/upper/usr/sbin/init
ok "a tenant that was never started has nothing to release" /usr/libexec/tenantd/tenant-run --release never-started
not_ok "and gets nothing by that" test -e /run/tenantd/never-started

ok "without the agent" systemctl mask --now tenantd.service
ok "systemctl start works" systemctl start tenant@one
ok "systemctl stop too" systemctl stop tenant@one
systemctl unmask tenantd.service >/dev/null 2>&1

ok "a definition with a mistake" sed -i '$aMemoryMaxx=1G' /etc/tenantd/tenants/one.conf
not_ok "is refused at the start" systemctl start tenant@one
ok "in the journal, as what it is" journal_has TENANT=one MESSAGE_ID=5f0c1f5bb0a94a1c8f3a6d1e52c7f0a1 PRIORITY=3
ok "and with the unit's lines" bash -c 'journalctl --no-pager --quiet --output=cat -u tenant@one -p err | grep -q "did not start.*MemoryMaxx"'
journalctl --update-catalog
ok "with an explanation" bash -c 'journalctl --no-pager --quiet -x -u tenant@one -p err | grep -q "Subject: Tenant one did not start"'
ok "with file, line and key" grep -E '/etc/tenantd/tenants/one.conf:[0-9]+.*MemoryMaxx' /run/tenantd/one/error
sed -i '$d' /etc/tenantd/tenants/one.conf
systemctl reset-failed tenant@one
not_ok "a tenant that does not exist" systemctl start tenant@nobody
not_ok "leaves nothing" test -e /run/tenantd/nobody
not_ok "and has nothing to release" journal_has -u tenant@nobody --grep="never created"
systemctl reset-failed tenant@nobody
ok "one is removed" tenantctl remove one

many=20
has native || many=6 # emulated, twenty boots at once take minutes and show no more
for i in $(seq $many); do
        tenant "many$i" && systemctl enable --quiet "tenant@many$i"
done
# As at boot, where it is not active yet; without waiting, since in a virtual host the boot waits for this test.
systemctl stop tenants.target
ok "what starts with the host" systemctl start --no-block multi-user.target
all_up() {
        local i
        for i in $(seq $many); do active "many$i" || return 1; done
}
ok "is all $many tenants that are enabled, at once" wait_for 60 all_up
ok "with distinct ids" test "$(for i in $(seq $many); do awk '{print $2}' "/proc/$(init_of "many$i")/uid_map"; done | sort -u | wc -l)" -eq $many
ok "all stop" systemctl stop 'tenant@many*.service'
for i in $(seq $many); do tenantctl --quiet remove "many$i"; done
not_ok "removal takes the links of systemctl enable along" compgen -G "/etc/systemd/system/tenants.target.wants/tenant@many*"
systemctl daemon-reload
rm -rf /run/tenantd/nobody
ok "nothing is left" census_clean

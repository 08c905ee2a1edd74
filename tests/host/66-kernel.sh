#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 120
# What stands between tenants and the kernel, beside the attacks (K1 to K12): that what is shut for tenants is open for the host, that
# Docker's and systemd's needs still pass, that a missing wall is said, and that a start does not depend on it.
# shellcheck source=tests/lib/lib.sh
. /src/tests/lib/lib.sh
# shellcheck source=tests/lib/tenant.sh
. /src/tests/lib/tenant.sh

doctor() { tenantctl --json doctor | jq -r --arg check "$1" '.. | objects | select(.Check? == $check) | .Result'; }
label() { cat "/proc/$1/attr/apparmor/current"; }
labels() { tenantctl run "$1" -- sh -c 'cat /proc/[0-9]*/attr/apparmor/current' | sort -u; }
# What the journal has of tries to change a profile. Records come in the order in which the kernel makes them, but not at once: so each
# count waits for a record of a try that comes after, by root of the host with the tenants' label.
denied_changes() { journalctl --sync; journalctl -q -o cat _TRANSPORT=audit | grep -c 'apparmor="DENIED" operation="change_profile"'; }
denied_in_dmesg() { dmesg | grep -c 'apparmor="DENIED".*profile="tenantd-tenant"'; }
denied_more_than() { [[ $(denied_changes) -gt $1 ]]; }
change_profile='echo changeprofile unconfined >/proc/self/attr/apparmor/current'
# How many of 200 tries of a tenant were refused.
tenant_changes() { tenantctl run one -- bash -c "for ((i = n = 0; i < 200; i++)); do $change_profile 2>/dev/null || n=\$((n + 1)); done; echo \$n"; }

ok "an image" image debian12-minimal
ok "a tenant" tenant one
ok "start" systemctl start tenant@one

# --- modules
module_points() {
        gate=/usr/libexec/tenantd/module-gate
        gate_back # another test in this host may have asked for so many
        is "$(</proc/sys/kernel/modprobe)" "$gate" "the first tenant's start puts the gate before modprobe"
        is "$(doctor module-autoload)" ok "doctor is content"
        # The host's own ways: by name, by a device node, by the device mapper.
        ok "the host loads by name what the kernel must not load" modprobe wireguard
        ok "and unloads it" modprobe -r wireguard
        not_ok "a link of a kind that is not loaded is refused, for the host too" ip link add name kind0 type wireguard
        ok "systemd's automount of binfmt_misc gets its module" test -e /proc/sys/fs/binfmt_misc/status
        before=$(lsmod | awk '$1 == "dm_snapshot"')
        is "$before" "" "(the module of the next point is not loaded)"
        ok "what only the host can ask for passes the gate" "$gate" -q -- dm-snapshot
        ok "it is loaded" test -d /sys/module/dm_snapshot
        modprobe -r dm_snapshot
        ok "the operator opens the gate" systemctl stop tenantd-modules
        is "$(</proc/sys/kernel/modprobe)" /sbin/modprobe "modprobe is asked again"
        is "$(doctor module-autoload)" warning "doctor says so while a tenant runs"
        ok "a link of that kind can be had" ip link add name kind0 type wireguard
        ip link delete kind0
        modprobe -r wireguard
        sysctl -qw kernel.modprobe=/bin/true
        not_ok "an operator's own choice is not replaced" systemctl start tenantd-modules
        is "$(</proc/sys/kernel/modprobe)" /bin/true "it stays"
        sysctl -qw kernel.modprobe=/sbin/modprobe
        systemctl reset-failed tenantd-modules
        ok "and shut again" systemctl restart tenantd-modules
        is "$(</proc/sys/kernel/modprobe)" "$gate" "by hand"
}
group modules "the gate for modules" module_points

# --- AppArmor
apparmor_points() {
        is "$(label "$(init_of one)")" "tenantd-tenant (enforce)" "init has the profile"
        is "$(labels one)" "tenantd-tenant (enforce)" "and so has all that runs inside, programs of Run too"
        is "$(doctor apparmor)" ok "doctor is content"
        is "$(inside one systemctl is-system-running --wait)" running "nothing inside misses what it refuses"
        ok "systemd's PrivateNetwork= works" tenantctl run one -- systemd-run --quiet --wait -p PrivateNetwork=yes -p PrivateTmp=yes true
        ok "signals reach it from the host" kill -CONT "$(init_of one)"
        # As after an exploit: root of the host, with the label of a tenant.
        sleep 1000 &
        target=$!
        not_ok "root of the host with its label: no signal out" aa-exec -p tenantd-tenant -- kill -CONT "$target"
        not_ok "no look out" aa-exec -p tenantd-tenant -- head -c 1 "/proc/$target/environ"
        not_ok "no device node" aa-exec -p tenantd-tenant -- mknod /run/66-node c 1 1
        ok_with modules "no module" bash -c '! aa-exec -p tenantd-tenant -- modprobe wireguard && [[ ! -d /sys/module/wireguard ]]'
        kill "$target"
        # The one refusal that AppArmor does not keep quiet: the kernel is told to make no record of it for tenants' ids.
        before=$(denied_changes) before_dmesg=$(denied_in_dmesg)
        is "$(tenant_changes)" 200 "a tenant is refused another profile, 200 times"
        is "$(denied_in_dmesg)" "$before_dmesg" "refusals fill no log"
        # What follows the kernel does log, with the host's own ids.
        is "$(aa-exec -p tenantd-tenant -- sh -c "$change_profile; cat /proc/self/attr/apparmor/current" 2>/dev/null)" \
                "tenantd-tenant (enforce)" "no way out of it for root of the host with its label"
        ok "which is in the journal" wait_for 10 denied_more_than "$before"
        is "$(denied_changes)" $((before + 1)) "and of the tenant's tries nothing"
        # No tenant can reach the file for this.
        ok "no other profile" bash -c '! aa-exec -p tenantd-tenant -- apparmor_parser -R /etc/apparmor.d/tenantd-tenant &&
                grep -q "^tenantd-tenant " /sys/kernel/security/apparmor/profiles'
        ok "the operator takes the rule away" systemctl stop tenantd-audit
        before=$(denied_changes)
        is "$(tenant_changes)" 200 "200 tries more"
        ok "are recorded then" wait_for 10 denied_more_than "$((before + 199))"
        ok "taking it away again is fine" /usr/libexec/tenantd/audit-filter --remove
        ok "the rule comes back" systemctl start tenantd-audit
        ok "adding it again is fine" /usr/libexec/tenantd/audit-filter --add
        is "$(systemctl show -P ActiveState tenantd-audit; journalctl -q -o cat _COMM=audit-filter)" active "the kernel took it without a word"
        ok "stop" systemctl stop tenant@one
        ok "(the profile is unloaded)" apparmor_parser -R /etc/apparmor.d/tenantd-tenant
        is "$(doctor apparmor)" warning "doctor says so"
        ok "a tenant starts without" systemctl start tenant@one
        is "$(label "$(init_of one)")" unconfined "as on a host without AppArmor"
        ok "(the profile comes back)" apparmor_parser -r /etc/apparmor.d/tenantd-tenant
        is "$(labels one)" unconfined "Run does what init may, no less: it could not even signal init"
        ok "stop" systemctl stop tenant@one
        ok "start" systemctl start tenant@one
        is "$(label "$(init_of one)")" "tenantd-tenant (enforce)" "the next start has it again"
}
group apparmor "the AppArmor profile" apparmor_points

# --- what doctor looks for
release=$(uname -r)
version=${release%%[!0-9.-]*}
is "$(doctor kernel-update)" ok "no newer kernel is installed"
mkdir -p /boot
touch "/boot/vmlinuz-99${version#*[0-9]}${release#"$version"}" "/boot/vmlinuz-99.0-other"
is "$(doctor kernel-update)" warning "one is: all tenants share the old one's holes"
rm -f "/boot/vmlinuz-99${version#*[0-9]}${release#"$version"}"
is "$(doctor kernel-update)" ok "another flavour is none"
rm -f /boot/vmlinuz-99.0-other
smt=/sys/devices/system/cpu/smt/active huge_pages=(/sys/kernel/mm/hugepages/*/nr_overcommit_hugepages)
doctor_if() { # CHECK FILE TEXT: as it would be with that in the file of the kernel's
        echo "$3" >/run/test-host/kernel-file
        systemctl stop tenantd
        mountpoint -q "$2" || mount --bind /run/test-host/kernel-file "$2"
        doctor "$1"
}
is "$(doctor_if smt $smt 1)" warning "processors that share cores are told about"
is "$(doctor_if smt $smt 0)" ok "and those that do not are not"
umount $smt
is "$(doctor systemd)" ok "the host's systemd is new enough"
# The agent has a /proc of its own.
mkdir -p /run/systemd/system/tenantd.service.d
echo '7f00-7f01 r-xp 0 0:0 1 /usr/lib/systemd/libsystemd-shared-251.so' >/run/test-host/kernel-file
printf '[Service]\nBindReadOnlyPaths=/run/test-host/kernel-file:/proc/1/maps\n' >/run/systemd/system/tenantd.service.d/old.conf
systemctl daemon-reload
systemctl stop tenantd
is "$(doctor systemd)" warning "an older one is told about"
rm -r /run/systemd/system/tenantd.service.d
systemctl daemon-reload
systemctl stop tenantd
huge_pages_points() {
        is "$(doctor_if huge-pages "${huge_pages[0]}" 1)" warning "huge pages that any tenant can take are told about"
        is "$(doctor_if huge-pages "${huge_pages[0]}" 0)" ok "and none are not"
        umount "${huge_pages[0]}"
}
[[ ! -e ${huge_pages[0]} ]] || huge_pages_points
ports=$(sysctl -n net.ipv4.ip_local_port_range)
sysctl -qw net.ipv4.ip_local_port_range="1024 65535"
is "$(doctor ports)" warning "a host whose own ports are those of tenants' connections is told"
sysctl -qw net.ipv4.ip_local_port_range="$ports"
is "$(doctor ports)" ok "and one with the package's range is not"
rm -f /run/test-host/kernel-file
overcommit_points() {
        sysctl -qw vm.overcommit_ratio=1000 vm.overcommit_memory=2
        is "$(doctor overcommit)" warning "a host whose memory can be promised away is told"
        sysctl -qw vm.overcommit_memory=0 vm.overcommit_ratio=50
        is "$(doctor overcommit)" ok "and the kernel's own way is fine"
}
group kernel "promised memory" overcommit_points
filter_points() {
        is "$(doctor compiled-filters)" ok "filters are not compiled, as the package has it"
        sysctl -qw net.core.bpf_jit_enable=1
        is "$(doctor compiled-filters)" warning "a host where one tenant can use up the room for that is told"
        sysctl -qw net.core.bpf_jit_enable=0
}
group kernel "compiled filters" filter_points
# How much of the host's memory all sockets together may have: the third number is the bound.
bound() { awk '{ print $3 }' "/proc/sys/net/ipv4/$1_mem"; }
socket_points() {
        local pages
        pages=$(getconf _PHYS_PAGES)
        is "$(bound tcp) $(bound udp)" "$((pages / 2)) $pages" "the first tenant's start lets connections have the memory that is there"
        is "$(doctor socket-memory)" ok "doctor is content"
        sysctl -qw net.ipv4.udp_mem="1000 2000 3000"
        is "$(doctor socket-memory)" warning "one that a tenant can use up is told about"
        ok "raised" systemctl restart tenantd-sockets
        is "$(bound udp)" "$pages" "by hand"
        sysctl -qw net.ipv4.udp_mem="1000 2000 $((pages * 2))"
        ok "again" systemctl restart tenantd-sockets
        is "$(bound udp)" "$((pages * 2))" "an operator's higher one stays"
        sysctl -qw net.ipv4.udp_mem="$pages $pages $pages"
}
[[ ! -e /proc/sys/net/ipv4/tcp_mem ]] || socket_points

tenants_end one

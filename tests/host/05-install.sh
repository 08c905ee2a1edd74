#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ./install on a host that has the files already: made ready, taken away, and back. Building and copying is what this host was made by.
# timeout: 120
# shellcheck source=tests/lib/lib.sh
. /src/tests/lib/lib.sh
# shellcheck source=tests/lib/tenant.sh
. /src/tests/lib/tenant.sh

said=/run/test-host/said
list=/usr/share/tenantd/installed-files
kept=/run/test-host/files.tar
own=/etc/sysctl.d/90-own.conf

install_says() { # ARGUMENT...: what it says is kept, and shown when it fails
        local status=0
        /src/install "$@" >"$said" 2>&1 || status=$?
        cat "$said"
        return "$status"
}

ended_by() { [[ $(systemctl show -P MainPID tenantd) != "$1" ]]; }

# As ./install writes it.
jq -r '.[]' /build/meson-info/intro-installed.json | LC_ALL=C sort >"$list"
echo "$list" >>"$list"
ok "the files are here" xargs -d '\n' -a "$list" ls
tar -c -f "$kept" -P -T "$list"

# --- ready
groupdel tenantd
systemctl stop tenantd
rm -rf /etc/tenantd
rm -f /var/lib/systemd/catalog/database
sysctl -q -w net.ipv4.ip_forward=0
if has kernel; then
        sysctl -q -w vm.max_map_count=65530
        modprobe -r nft_numgen
fi
echo 'net.ipv4.ipfrag_time = 20' >"$own"
not_ok "(the catalogue does not know of tenants)" grep -q tenantd <(journalctl --list-catalog 2>/dev/null)
ok "a host is made ready" install_says --ready
ok "ends with what doctor says" grep -Eq '^kernel +ok' "$said"
ok "directories" test -d /etc/tenantd/tenants -a -d /var/lib/tenantd/storage
ok "the catalogue knows of tenants" grep -q '^5f0c1f5bb0a94a1c8f3a6d1e52c7f0a1 tenantd' <(journalctl --list-catalog 2>/dev/null)
ok "its group" getent group tenantd
ok "enabled tenants start with the host" grep -q tenants.target <(systemctl list-dependencies --plain multi-user.target)
is "$(sysctl -n net.ipv4.ip_forward)" 1 "settings of the network"
is "$(sysctl -n net.ipv4.ipfrag_time)" 20 "but a line of the operator's counts"
ok_with kernel "settings of the kernel" test "$(sysctl -n vm.max_map_count)" = 262144
ok_with modules "modules" test -d /sys/module/nft_numgen
has kernel || ok "says what a container may not do" grep -q 'not in a container' "$said"
ok "the bus starts the agent" busctl call org.tenantd1 /org/tenantd1 org.tenantd1.Manager ListTenants

# --- again
agent=$(systemctl show -P MainPID tenantd)
ok "ready once more" install_says --ready
ok "the agent that ran is another one" ended_by "$agent"

# --- removed
ok "an image" image debian12-minimal
ok "a tenant" tenant stays
ok "runs" tenantctl --quiet start stays
not_ok "is not removed while a tenant runs" install_says --remove
ok "which it names" grep -q 'systemctl stop tenant@stays.service' "$said"
ok "and goes on" active stays
tenantctl --quiet stop stays
ok "removed" install_says --remove
ok "says where the data is" grep -q /var/lib/tenantd "$said"
is "$(xargs -d '\n' -a <(tar -t -P -f "$kept") ls -d 2>/dev/null)" "" "no file is left"
not_ok "no directory either" ls -d /usr/share/tenantd /usr/libexec/tenantd /usr/lib/*/tenantd /usr/lib/systemd/system/nftables.service.d
not_ok "systemd knows nothing of it" systemctl cat tenantd.service
not_ok "nor does the bus" busctl call org.tenantd1 /org/tenantd1 org.tenantd1.Manager ListTenants
not_ok "nor has the kernel its filters" nft list table inet tenantd
ok "the tenant's data is there" test -d /var/lib/tenantd/tenants/stays -a -e /etc/tenantd/tenants/stays.conf
not_ok "ready without files is an error" install_says --ready
ok "which says what to do" grep -q 'run ./install' "$said"

# --- and back
tar -x -P -f "$kept"
rm -f "$own"
ok "ready again" install_says --ready
ok "the tenant starts as before" tenantctl --quiet start stays
tenants_end stays
ok "nobody misses the list" rm -f "$list" "$kept" "$said"

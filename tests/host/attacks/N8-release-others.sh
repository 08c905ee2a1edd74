# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N8: an ordinary user of the host takes a tenant's network away by the program that makes it
# mechanism: a set-uid helper that does not ask whose link it is (lxc-user-nic: CVE-2017-5985, CVE-2022-47952, CVE-2026-39402)
# stopped by: no set-uid program: what a user runs, runs with his own rights; the lock of a tenant that runs
# weakened: tenant-run set-uid root, and the lock's file removed

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

helper=/usr/libexec/tenantd/tenant-run

attack() {
        local before
        before=$(link_of "$attacker")
        [[ -n $before ]] || broken "the attacker has no link"
        on_host_as 4242 "$helper" --release "$attacker"
        ip link show "$before" >/dev/null 2>&1 && [[ -n $(nft get element inet tenantd source "{ $before . $(tenant_address "$attacker") }") ]] ||
                breached "$before or its filters are gone"
        ! on_host_as 4242 tenantctl stop "$attacker" || breached "the agent stopped it for him"
        stopped "$before and its filters are still there"
}

weaken() {
        place=$attacker helper=/var/tmp/tenant-run
        install -m 4755 /usr/libexec/tenantd/tenant-run "$helper" && rm "/run/tenantd/$attacker/lock"
}

unweaken() {
        rm -f /var/tmp/tenant-run
        systemctl restart "tenant@$attacker"
}

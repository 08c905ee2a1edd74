# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K3: crashes, so that a program of the host reads what it had in memory
# mechanism: a handler of cores runs as root of the host on the tenant's data (CVE-2022-4415, CVE-2025-4598 of systemd-coredump)
# stopped by: kernel.core_pattern is no pipe (sysctl.d/50-tenantd.conf, and tenantctl doctor looks): the core stays in the tenant
# weakened: a pipe as kernel.core_pattern
# needs: kernel

seen=/run/test-host/k3-seen
handler=/var/tmp/k3-handler # /run may be noexec

attack() {
        rm -f "$seen"
        # A host whose systemd-coredump came first; what tenantd installs is applied as at boot.
        [[ -n ${k3_before-} ]] || /lib/systemd/systemd-sysctl --prefix=/kernel/core_pattern
        in_place_sh 'mkdir -p /k3 && cd /k3 && ulimit -c unlimited && K3=the-tenants-own sh -c "kill -SEGV \$\$"'
        [[ -z ${k3_before-} ]] || wait_for 10 test -s "$seen"
        [[ ! -s $seen ]] || breached "a program of the host, uid $(<"$seen"), read the tenant's core"
        in_place_sh 'test -s /k3/core || test -s /k3/core.*' || broken "no core in the tenant either: $(</proc/sys/kernel/core_pattern)"
        stopped "the core lies in the tenant (core_pattern: $(</proc/sys/kernel/core_pattern))"
}

weaken() {
        raw
        printf '#!/bin/sh\ngrep -qa the-tenants-own && id -u >%s\n' "$seen" >"$handler"
        chmod 755 "$handler"
        k3_before=$(</proc/sys/kernel/core_pattern)
        echo "|$handler" >/proc/sys/kernel/core_pattern
}

unweaken() { [[ -z ${k3_before-} ]] || echo "$k3_before" >/proc/sys/kernel/core_pattern; }

cleanup() {
        in_place rm -rf /k3
        rm -f "$seen" "$handler"
}

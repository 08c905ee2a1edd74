#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Limits: memory, processes, CPU, disk. A tenant that runs into one is alone with it, and an operator changes them while it runs.
# Where a host cannot enforce one, that is said at once instead of given away for nothing.
# timeout: 120
# shellcheck source=tests/lib/lib.sh
. /src/tests/lib/lib.sh
# shellcheck source=tests/lib/tenant.sh
. /src/tests/lib/tenant.sh

payload() { cat "/sys/fs/cgroup/tenant.slice/tenant@$1.service/payload/$2"; }
usage() { tenantctl --json usage "$1" | jq -r ".. | .$2? // empty"; }
long_run() { tenantctl run --timeout=1200 "$@" </dev/null; }

# Rival lives on: the same init, and a program runs.
unharmed() { [[ $(init_of rival) == "$rival" ]] && active glut && long_run rival -- true && long_run glut -- true; }

# Named, with a text that says what is missing, before anything is made or changed.
refused() { # PATTERN VERB TENANT ARGUMENT...
        local before error message
        before=$(find /etc/tenantd/tenants /var/lib/tenantd/tenants -type f -exec md5sum {} + | sort)
        error=$(error_of "${@:2}")
        message=$(message_of "${@:2}")
        echo "$error: $message"
        [[ $error =~ ^(HostNotReady|NotSupported)$ && $message =~ $1 ]] &&
                [[ $(find /etc/tenantd/tenants /var/lib/tenantd/tenants -type f -exec md5sum {} + | sort) == "$before" ]]
}

refused_points() { # PATTERN SETTING
        ok "$2 cannot be enforced: not created" refused "$1" create unlimited Image=debian12-minimal Profile=plain "$2"
        ok "nor set in a tenant that is there" refused "$1" set frugal "$2"
}

limit_refusal_points() {
        refused_points 'controller memory' MemoryMax=64M
        refused_points 'controller pids' TasksMax=100
        refused_points 'controller cpu' CPUQuota=50%
        # What an operator wrote by hand is refused by the start, and he can take it back.
        printf '[Cgroup]\nMemoryMax=64M\n' >>/etc/tenantd/tenants/frugal.conf
        not_ok "one written by hand does not start" tenantctl --quiet start frugal
        ok "other settings can be changed meanwhile" tenantctl --quiet set frugal Description=poor
        ok "and the limit taken away" tenantctl --quiet set frugal MemoryMax=
        ok "then it starts" tenantctl --quiet start frugal
        refused_points 'controller memory' MemoryMax=64M
}

size_refusal_points() {
        refused_points 'no limits|quota' Size=1G
        ok "nor by the backend that has quotas elsewhere" refused 'quota' create unlimited Image=debian12-minimal \
                Profile=plain Storage.Backend=projectquota Size=1G
}

# What systemd is told at a reload, from definitions as an operator writes them.
weight_points() {
        local units
        units=$(mktemp -d /run/test-host/units.XXXXXX)
        printf '[Tenant]\nImage=debian12-minimal\n[Cgroup]\nCPUWeight=30\nIOWeight=20\n' >/etc/tenantd/tenants/heavy.conf
        printf '[Cgroup]\nCPUWeight=30\n' >/etc/tenantd/tenants/broken.conf
        printf '[Tenant]\nImage=debian12-minimal\n[Cgroup]\nCPUWeight=0\n' >/etc/tenantd/tenants/wrong.conf
        printf '[Tenant]\nImage=debian12-minimal\n[Cgroup]\nCPUWeight=10001\n' >/etc/tenantd/tenants/more.conf
        ok "weights become systemd's" /usr/lib/systemd/system-generators/tenantd-weights-generator "$units" "$units" "$units"
        is "$(grep -hv '^#' "$units"/tenant@heavy.service.d/* | xargs)" "[Service] CPUWeight=30 IOWeight=20" "both"
        is "$(ls "$units")" tenant@heavy.service.d "of those that have any, and no mistakes"
        rm -rf "$units" /etc/tenantd/tenants/{heavy,broken,wrong,more}.conf
}

memory_points() {
        is "$(payload glut memory.max)" $((192 << 20)) "MemoryMax is set"
        is "$(payload glut memory.swap.max)" 0 "MemorySwapMax is set"
        is "$(usage glut MemoryLimitBytes)" $((192 << 20)) "and shown"
        long_run glut -- tail /dev/zero >/dev/null 2>&1
        is "$?" 137 "what takes more is killed"
        ok "it is counted" test "$(usage glut OOMKills)" -ge 1
        ok "nobody else is harmed" unharmed
        not_ok "the tenant cannot lift it" inside glut sh -c 'echo max >/sys/fs/cgroup/memory.max'
        ok "set while it runs" tenantctl --quiet set glut MemoryMax=160M
        is "$(payload glut memory.max)" $((160 << 20)) "in effect at once"
        ok "and in the definition" grep -q '^MemoryMax=160M' /etc/tenantd/tenants/glut.conf
}

process_points() {
        is "$(payload glut pids.max)" 300 "TasksMax is set"
        ok "more processes are refused" bash -c "$(declare -f long_run); long_run glut -- bash -c 'for i in {1..400}; do sleep 600 & done' 2>&1 | grep -q 'fork'"
        ok "never more than that" test "$(payload glut pids.peak 2>/dev/null || payload glut pids.current)" -le 300
        ok "nobody else is harmed" unharmed
        is "$(payload glut cpu.max)" "50000 100000" "CPUQuota is set"
        ok "set while it runs" tenantctl --quiet set glut CPUQuota=80% TasksMax=500
        is "$(payload glut cpu.max) $(payload glut pids.max)" "80000 100000 500" "in effect at once"
        ok "a share of its own" tenantctl --quiet set glut CPUWeight=30
        is "$(</sys/fs/cgroup/tenant.slice/tenant@glut.service/cpu.weight)" 30 "counts among tenants"
        systemctl daemon-reload
        is "$(</sys/fs/cgroup/tenant.slice/tenant@glut.service/cpu.weight)" 30 "after a reload of systemd, too"
        is "$(systemctl show --value -p CPUWeight tenant@glut)" 30 "which knows it"
        ok "no share of its own" tenantctl --quiet set glut CPUWeight=
        is "$(</sys/fs/cgroup/tenant.slice/tenant@glut.service/cpu.weight)" 100 "the same as the others' again"
        ok "processors of its own" tenantctl --quiet set glut AllowedCPUs=0
        is "$(payload glut cpuset.cpus.effective)" 0 "these and no others"
        ok "and all of them again" tenantctl --quiet set glut AllowedCPUs=
        is "$(payload glut cpuset.cpus.effective)" "$(</sys/fs/cgroup/cpuset.cpus.effective)" "in effect at once"
}

fill() { # NAME FILE MEGABYTES
        long_run "$1" -- sh -c "mkdir -p \$(dirname $2); dd if=/dev/zero of=$2 bs=1M count=$3 2>&1"
}

over_quota() { fill "$@" | grep 'Disk quota exceeded'; }

disk_points() {
        ok "more than Size in the root file system: refused" over_quota glut /root/fill 400
        ok "what is there is what is allowed" test "$(inside glut stat -c %s /root/fill)" -le $((256 << 20))
        is "$(usage glut StorageLimitBytes)" $((256 << 20)) "Size is shown"
        ok "another still writes" fill rival /root/file 20
        inside glut rm /root/fill
        ok "Docker's store is under the same roof" over_quota glut /var/lib/docker/fill 400
        ok "(full)" over_quota glut /root/fill 10
        inside glut rm -f /var/lib/docker/fill /root/fill
        ok "and containerd's" over_quota glut /var/lib/containerd/fill 400
        ok "more, while it runs" tenantctl --quiet set glut Size=320M
        ok "in effect at once" fill glut /root/more 40
        ok "less than it uses is refused" test "$(error_of set glut Size=64M)" = QuotaExceeded
        inside glut rm -f /var/lib/containerd/fill /root/more
        ok "files are counted too" bash -c "$(declare -f long_run); long_run glut -- bash -c 'mkdir /root/many && cd /root/many && for i in {1..4000}; do : >f\$i || exit; done' 2>&1 | grep -q 'Disk quota exceeded'"
        inside glut rm -r /root/many
        ok "nobody else is harmed" unharmed
}

settings=(Docker.Enabled=yes)
! has controllers || settings+=(MemoryMax=192M MemorySwapMax=0 TasksMax=300 CPUQuota=50%)
! has quota || settings+=(Size=256M Inodes=3000)

ok "an image" image debian12-minimal
census_start
ok "(a tenant without wishes)" tenant frugal
group no-controllers "a limit that cannot be enforced is refused" limit_refusal_points
group no-quota "a size that cannot be enforced is refused" size_refusal_points
tenants_end frugal
ok "glut" tenantctl --quiet create glut Image=debian12-minimal Profile=plain "${settings[@]}"
ok "rival" tenantctl --quiet create rival Image=debian12-minimal Profile=plain
ok "start" systemctl start tenant@glut tenant@rival
rival=$(init_of rival)
group controllers "memory" memory_points
group controllers "processes and CPU" process_points
group quota "disk" disk_points
ok "all is well at the end" unharmed
ok "stop" systemctl stop tenant@glut tenant@rival
ok "remove" tenantctl --quiet remove glut rival
ok "nothing is left" census_clean

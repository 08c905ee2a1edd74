# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# P8: leaves files in its tree that say how it wants to be started
# mechanism: settings beside or inside an image are read and trusted by the host (CVE-2026-40226 of systemd-nspawn)
# stopped by: settings come from /etc/tenantd and the bus only; nothing of a tree is read
# weakened: a host that reads a file of settings from the tree

# shellcheck source=tests/host/attacks/paths.sh
. "$here/paths.sh"

attack() {
        local before after
        door_make
        before=$(facts)
        plant || broken "nothing planted"
        if is_tenant; then
                systemctl daemon-reload
                end_tenant && systemctl start "tenant@$place" || broken "it does not start again"
                tenantctl status "$place" >/dev/null
        else
                # shellcheck source=/dev/null
                . "$(upper_of "$place")/etc/container.conf"
        fi
        ! door_changed || breached "the host did what it says: $(door_changed)"
        after=$(facts)
        [[ $before == "$after" ]] || breached "$(diff <(echo "$before") <(echo "$after") | grep '^>' | head -n 1)"
        [[ -n $before ]] || broken "there is nothing to compare"
        stopped "started again with the same settings, ids, limits and mounts"
}

# shellcheck disable=SC2016 # the shell there expands it
plant() {
        in_stored "$place" . sh -c '
                mkdir -p etc/tenantd/tenants/"$1".conf.d etc/systemd/nspawn etc/systemd/system/tenant@"$1".service.d
                printf "touch %s/read\n" "$2" | tee etc/container.conf container.conf >config
                printf "[Namespace]\nBackend=none\nIds=65536\n[Cgroup]\nMemoryMax=infinity\n[Network]\nPublish=22:22\n" |
                        tee etc/tenantd/tenants/"$1".conf etc/tenantd/tenants/"$1".conf.d/a.conf "$1".conf tenantd.conf >etc/tenantd/tenantd.conf
                printf "[Exec]\nPrivateUsers=no\nCapability=all\n[Files]\nBind=/:/host\n" |
                        tee "$1".nspawn etc/systemd/nspawn/"$1".nspawn >/dev/null
                printf "[Service]\nExecStartPre=/bin/touch %s/unit\n" "$2" >etc/systemd/system/tenant@"$1".service.d/a.conf
                printf "IdBase=0\nIdCount=4294967295\n" >allocation' sh "$place" "$door"
}

# What a start makes of the settings, by the kernel's word.
facts() {
        local init
        init=$(tenant_init "$place")
        is_raw "$place" || tenantctl show "$place" | grep -vE '^(State|Since|MainPid|Init|Usage|Memory|Cpu|Uptime|Storage|Docker\.State)|Usec|Bytes|Current'
        cat "/proc/$init/uid_map" "/proc/$init/gid_map"
        grep -E '^(Cap|Seccomp|NoNew)' "/proc/$init/status"
        sed -E 's/^([^ ]+ ){4}([^ ]+) .* - ([^ ]+) .*/\2 \3/' "/proc/$init/mountinfo" | grep -vE '^/(run|dev|sys|proc)/|^/tmp|/docker/|credentials' | LC_ALL=C sort
        cat "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$init/cgroup" | sed 's,/payload.*,/payload,')"/{memory.max,pids.max} 2>/dev/null
        nft -j list table inet tenantd 2>/dev/null | jq -S '[.nftables[] | .map? // empty | select(.elem) | .name, (.elem | length)]'
}

weaken() { raw no-userns; }

cleanup() {
        # shellcheck disable=SC2016 # the shell there expands it
        in_stored "$place" . sh -c 'rm -rf etc/tenantd etc/systemd/nspawn etc/systemd/system/tenant@* etc/container.conf container.conf config \
                "$1".conf tenantd.conf "$1".nspawn allocation' sh "$place"
        door_end
        start_again
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K9: reads all of /proc and /sys, and looks for what it must not know
# mechanism: much of procfs and sysfs is one for all namespaces
# stopped by: namespaces; files of the host's root; what a tenant does see is listed with its reasons in K9-known
# weakened: no namespaces but the mount's
# needs: neighbour

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

# Names, addresses and keys of the host and of the victim, a line each; what is too short to be told from an accident is left out.
secrets() {
        hostname
        cat /etc/machine-id
        ip -o addr | awk '$2 != "lo" { sub("/.*", "", $4); print $4 }'
        ip -o link | sed -nE 's,.*link/ether ([0-9a-f:]+).*,\1,p'
        ip -o link | sed -nE 's/^[0-9]+: (uplink0|tn[0-9]+)[@:].*/\1/p'
        tenant_address "$victim"
        sed -n 's/^Uuid=//p' "/var/lib/tenantd/tenants/$victim/allocation"
        echo "tenant@$victim"
        echo "volumes/$victim"
        echo "images/$attack_image"
        lsblk -n -d -o SERIAL,WWN,UUID 2>/dev/null | tr -s ' ' '\n'
        cat /sys/class/dmi/id/{product_uuid,product_serial,board_serial,chassis_serial} 2>/dev/null
}

attack() {
        local finds status=0 unknown
        [[ -r $here/K9-known ]] || return 2
        secrets | awk 'length($0) >= 4' | sort -u >/run/test-host/k9-secrets
        place_file /run/k9-secrets </run/test-host/k9-secrets || return 2
        finds=$(in_place_timeout=120 in_place /attacks/crawl /run/k9-secrets /proc /sys) || status=$?
        [[ $status -eq 0 || $status -eq $status_stopped ]] || broken "crawl: status $status"
        echo "$finds" >/run/test-host/k9-finds
        # A line of K9-known is a pattern for "WHAT<tab>PATH", then the reason.
        unknown=$(grep -vE -f <(grep -v '^#' "$here/K9-known" | cut -f 1) <<<"$finds" | grep .)
        printf '%s\n' "$unknown"
        [[ -z $unknown ]] || breached "$(wc -l <<<"$unknown") finds, such as $(head -n 1 <<<"$unknown" | tr '\t' ' ')"
        stopped "$(wc -l </run/test-host/k9-secrets) secrets looked for, none found"
}

weaken() { raw no-userns host-net host-pid host-cgroup no-ipc; }

cleanup() {
        in_place rm -f /run/k9-secrets
        rm -f /run/test-host/k9-secrets /run/test-host/k9-finds
}

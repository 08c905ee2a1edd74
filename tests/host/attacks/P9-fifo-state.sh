# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# P9: leaves FIFOs and files without an end where the host may read what a tenant is, so that the host waits for ever
# mechanism: open(2) of a FIFO waits for a writer; a sparse os-release of 10 GB is read into memory; a loop of links
# stopped by: nothing of a tree is read by the host; at a start every name is opened without waiting, as the tenant
# weakened: a host that reads os-release by path

# shellcheck source=tests/host/attacks/paths.sh
. "$here/paths.sh"

files=(etc/hostname etc/machine-id etc/os-release usr/lib/os-release etc/passwd etc/group etc/nsswitch.conf etc/resolv.conf etc/hosts)
limit=20

attack() {
        local kind slowest=0
        ! is_tenant || stop_tenant || broken "it does not stop"
        for kind in fifo sparse loop; do
                plant "$kind" || broken "nothing planted: $kind"
                if is_tenant; then
                        waits "$kind" || exit
                else
                        timeout 5 cat "$(upper_of "$place")/etc/os-release" >/dev/null
                        [[ $? -ne 124 ]] || breached "$kind: the host still waits after 5 s"
                fi
                unplant
        done
        stopped "the slowest of start, end and all that tells something: $slowest ms, the agent has $(agent_memory) MiB"
}

# A start with them has an end, whether the tenant is happy or not; nothing else is slower for it.
waits() { # KIND
        local step took
        for step in 'systemctl start --no-block tenant@'"$place" "tenantctl status $place" "tenantctl show $place" "tenantctl list" \
                "systemctl kill --signal=KILL tenant@$place" "tenantctl usage $place"; do
                took=$(milliseconds timeout "$((limit * time_scale))" bash -c "$step" 2>/dev/null)
                [[ $? -ne 124 ]] || breached "$1: no end of '$step' after $limit s"
                [[ $took -le $slowest ]] || slowest=$took
        done
        end_tenant || breached "$1: it does not end"
        [[ $(agent_memory) -lt 64 ]] || breached "$1: the agent has $(agent_memory) MiB"
}

agent_memory() {
        local pid
        pid=$(systemctl show -P MainPID tenantd)
        awk '/^VmRSS:/ { rss = $2 } END { print int(rss / 1024) }' "/proc/$pid/status" 2>/dev/null || echo 0
}

plant() {
        local file
        for file in "${files[@]}"; do
                # shellcheck disable=SC2016 # the shell there expands it
                in_stored "$place" . sh -c 'mkdir -p "$(dirname "$1")"; [ ! -e "$1" ] || [ -e "$1.real" ] || mv -T "$1" "$1.real"; rm -f "$1"
                        case $2 in
                        fifo) mkfifo "$1" ;;
                        sparse) truncate -s 10G "$1" ;;
                        loop) ln -s "$(basename "$1")" "$1" ;;
                        esac' sh "$file" "$1" || return
        done
}

unplant() {
        # shellcheck disable=SC2016 # the shell there expands it
        in_stored "$place" . sh -c 'for file; do rm -f "$file"; [ ! -e "$file.real" ] || mv -T "$file.real" "$file"; done' sh "${files[@]}"
}

weaken() { raw no-userns; }

cleanup() {
        unplant
        ! is_tenant || in_stored "$place" . sh -c 'echo "$1" >etc/hostname' sh "$place"
        start_again
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# P4: leaves links in the place of /dev/null, /dev/console and /dev/pts, where the host makes a tenant's devices
# mechanism: nodes are made and bound by path in a /dev of the container's (CVE-2025-31133, CVE-2025-52565 of runc; CVE-2026-47766 of crun)
# stopped by: devices come on a tmpfs of their own, made before the tenant runs and placed by descriptor; no node of the tenant's counts
# weakened: a container whose runtime makes devices by path

# shellcheck source=tests/host/attacks/paths.sh
. "$here/paths.sh"

nodes=(null console ptmx full)

attack() {
        local node
        door_make
        ! is_tenant || stop_tenant || broken "it does not stop"
        in_stored "$place" . mkdir -p dev
        for node in "${nodes[@]}"; do
                in_stored "$place" dev ln -sfn "$door/kept" "$node" || broken "nothing planted"
        done
        in_stored "$place" dev ln -sfn "$door/empty" pts || broken "nothing planted"
        if is_tenant; then
                start_planted || broken "it does not start: $refusal"
                ! door_changed || breached "$(door_changed)"
                own_devices
        else
                naive_devices "$(upper_of "$place")/dev"
                ! door_changed || breached "$(door_changed)"
        fi
}

naive_devices() {
        : >"$1/null" && mount --bind /dev/null "$1/null"
        mount -t devpts -o newinstance devpts "$1/pts"
}

# What it got is what it should have, by number, and nobody wrote to the host's.
own_devices() {
        local found
        found=$(in_place stat -L -c '%n %F %t:%T' /dev/null /dev/full /dev/console /dev/ptmx)
        [[ $(paste -sd ' ' <<<"$found") =~ ^"/dev/null character special file 1:3 /dev/full character special file 1:7 /dev/console character special file 88:"[0-9a-f]+" /dev/ptmx character special file 5:2"$ ]] ||
                breached "it has other devices: $found"
        stopped "/dev is another: $(paste -sd ' ' <<<"$found")"
}

weaken() { raw no-userns; }

cleanup() {
        local node
        while mountpoint -q "$door/kept"; do umount -l "$door/kept"; done
        for node in "${nodes[@]}" pts; do
                in_stored "$place" dev rm -f "$node"
        done
        door_end
        start_again
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# P5: leaves links where the host writes files into a tenant: host name, machine id, resolver
# mechanism: the host's root writes through them to its own files (Incus: CVE-2026-23954 templates, CVE-2026-33945 credentials, GHSA-7fj9 resolv.conf)
# stopped by: names opened beneath the tenant's root without following links, by a process with the tenant's ids; the rest lies on a tmpfs of its own
# weakened: a host that writes by path

# shellcheck source=tests/host/attacks/paths.sh
. "$here/paths.sh"

files=(etc/hostname etc/machine-id etc/resolv.conf)
kinds=(link parent-link hard-link)

attack() {
        local kind
        door_make
        ! is_tenant || stop_tenant || broken "it does not stop"
        for kind in "${kinds[@]}"; do
                plant "$kind" || broken "nothing planted: $kind"
                if is_tenant; then
                        ! start_planted || end_tenant || broken "it does not end"
                else
                        naive_write "$(upper_of "$place")"
                fi
                ! door_changed || breached "$kind: $(door_changed)"
                unplant
        done
        stopped "three ways of planting, and the host's files are as they were"
}

# The host's first start writes what is not there yet: the name is left out once, so that it does.
plant() {
        local file
        in_stored "$place" . mkdir -p etc
        case $1 in
        link)
                for file in "${files[@]}"; do
                        in_stored "$place" . ln -sfn "$door/kept" "$file"
                done
                in_stored "$place" . rm etc/hostname
                ;;
        parent-link) in_stored "$place" . mv etc etc.real && in_stored "$place" . ln -s "$door/full" etc ;;
        # Without rights to the file the kernel refuses the hard link itself (fs.protected_hardlinks); a link to its own is allowed.
        hard-link) in_stored "$place" . sh -c 'ln -f "$1" etc/hostname 2>/dev/null || ln -sfn "$1" etc/hostname' sh "$door/kept" ;;
        esac
}

unplant() {
        # shellcheck disable=SC2016 # the shell there expands it
        in_stored "$place" . sh -c '[ ! -L etc ] || { rm etc && mv etc.real etc; }
                for file; do [ ! -L "$file" ] || rm "$file"; done' sh "${files[@]}"
}

naive_write() {
        echo raw >"$1/etc/hostname"
        echo 0123456789abcdef0123456789abcdef >"$1/etc/machine-id"
        echo nameserver 192.0.2.53 >"$1/etc/resolv.conf"
}

weaken() { raw no-userns; }

cleanup() {
        unplant
        ! is_tenant || in_stored "$place" . sh -c 'echo "$1" >etc/hostname' sh "$place"
        door_end
        start_again
}

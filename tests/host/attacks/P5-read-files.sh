# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# P5: leaves links to a secret of the host's where the host may read something about a tenant, and looks what it tells
# mechanism: the host's root reads os-release, metadata or a log of the tree through a link (Incus: CVE-2026-48749, CVE-2026-63343, CVE-2026-33711)
# stopped by: nothing of a tenant's tree is read by the host; what is known of a tenant lies in /etc and /var/lib/tenantd
# weakened: a host that reads os-release by path

# shellcheck source=tests/host/attacks/paths.sh
. "$here/paths.sh"

files=(etc/os-release usr/lib/os-release etc/machine-id etc/hostname etc/passwd etc/group etc/shadow etc/hosts etc/resolv.conf etc/timezone
        etc/localtime manifest metadata.yaml backup.yaml allocation)

attack() {
        local file said
        door_make
        for file in "${files[@]}"; do
                in_stored "$place" . sh -c 'mkdir -p "$(dirname "$1")"; [ ! -e "$1" ] || mv -T "$1" "$1.real"; ln -sfn "$2" "$1"' \
                        sh "$file" "$door/secret" || broken "nothing planted: $file"
        done
        if is_tenant; then
                said=$(told)
                end_tenant || broken "it does not end"
                start_planted # whether it is refused or not: what is told of it
                said+=$(told_of_start)
        else
                said=$(cat "$(upper_of "$place")/etc/os-release")
        fi
        [[ $said != *"$door_secret"* ]] || breached "it tells: $(grep -m 1 "$door_secret" <<<"$said")"
        [[ ${#said} -gt 500 ]] || broken "the host told next to nothing: $said"
        stopped "${#said} bytes from all that tells something, and nothing of it"
}

told() {
        local verb
        for verb in status show usage; do
                tenantctl "$verb" "$place"
                tenantctl --json "$verb" "$place"
        done
        tenantctl list
        busctl call org.tenantd1 /org/tenantd1 org.freedesktop.DBus.ObjectManager GetManagedObjects
        systemctl status "tenant@$place" --no-pager
} 2>&1

told_of_start() {
        start_error
        tenantctl status "$place"
        in_place_may_fail=1 in_place cat /etc/os-release /etc/passwd
        journalctl -b -u tenantd -u "tenant@$place" --no-pager -n 100
} 2>&1

weaken() { raw no-userns; }

cleanup() {
        # shellcheck disable=SC2016 # the shell there expands it
        in_stored "$place" . sh -c 'for file; do [ ! -L "$file" ] || rm "$file"; [ ! -e "$file.real" ] || mv -T "$file.real" "$file"; done' \
                sh "${files[@]}"
        door_end
        start_again
}

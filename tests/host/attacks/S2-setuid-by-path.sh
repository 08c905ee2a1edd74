# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# S2: a user of the host runs a tenant's set-uid program by its path in the store, and gets the tenant's identity
# mechanism: set-id files of a container within reach of host users (CVE-2025-64507: custom volumes of Incus with unshifted ids)
# stopped by: store 0700 and owned by root, mounted nosuid,nodev; set-id counts on the tenant's own clone of the mount only
# weakened: store mounted suid, its directories open to all

attack() {
        local file euid flags
        in_place_sh 'mkdir -p /srv && cp /attacks/euid /srv/shell && chmod 6755 /srv/shell' || return 2
        file=$(upper_of "$place")/srv/shell
        [[ -u $file ]] || { echo "broken: $file is not set-uid"; return 2; }
        flags=$(findmnt -n -o VFS-OPTIONS -T "$file")
        if euid=$(on_host_as 65534 "$file" 2>&1) && [[ ${euid%% *} != 65534 ]]; then
                echo "it made uid 65534 of the host to uid ${euid%% *}, the tenant's root"
                return 0
        fi
        echo "${euid##*: } (mount: $flags)"
        # Either wall has to do alone.
        [[ $euid == *"ermission denied"* && ,$flags, == *,nosuid,* && ,$flags, == *,nodev,* ]] || return 2
        return 1
}

weaken() { weak_tenant suid-store; }

cleanup() { in_place rm -f /srv/shell; }

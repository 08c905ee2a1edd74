# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# S1: root inside makes a root-owned set-uid program, a user of the host runs it
# mechanism: `docker run -v $PWD:/stuff` or any root of a container writes uid 0, mode 6755 to the host's disk; no CVE, it is how Docker works
# stopped by: ids shifted on disk: root inside is nobody outside (shown with the store's own walls open)
# weakened: no user namespace

# shellcheck source=tests/host/attacks/store.sh
. "$here/store.sh"

# The program is run by every path that a host user might be given, with the doors opened for him by a careless administrator.
attack() {
        local euid file
        in_place_sh 'mkdir -p /srv && cp /attacks/euid /srv/shell && chown 0:0 /srv/shell && chmod 6755 /srv/shell' || broken "no shell"
        [[ $(in_place setpriv --reuid 65534 --clear-groups /srv/shell) == "0 "* ]] || broken "not root inside"
        file=$(upper_of "$place")/srv/shell
        [[ -u $file ]] || broken "$file is not set-uid"
        euid=$(doors_open "$file" 65534) || broken "it does not run: $euid"
        [[ ${euid%% *} != 0 ]] || breached "it made uid 65534 of the host to uid 0"
        [[ ${euid%% *} == "$(tenant_base "$place")" ]] || broken "it made uid 65534 of the host to uid ${euid%% *}"
        stopped "it made uid 65534 of the host to uid ${euid%% *}"
}

weaken() { raw no-userns; }

cleanup() { in_place rm -f /srv/shell; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# X1: has an open file of the host's disk: the program that enters it
# mechanism: as to overwrite it; reading it is enough where the kernel lets the page cache be written (CVE-2022-0847, CVE-2026-31431)
# stopped by: a sealed copy in memory, mode 0111 and the host root's, executes the tenant's programs; who executes it is undumpable
# weakened: entered by nsenter

enter() { in_place "$@"; }

probe() {
        local status=0 seconds=$((4 + time_scale)) scan
        in_place_sh 'mkdir -p /srv && printf "#!/proc/self/exe\n" >/srv/trap && chmod 755 /srv/trap' || return 2
        in_place /attacks/exes read "$seconds" &
        scan=$!
        while kill -0 "$scan" 2>/dev/null; do
                in_place_timeout=2 enter /srv/trap >/dev/null 2>&1 </dev/null
        done
        wait "$scan" || status=$?
        return "$status"
}

attack() { judged_by probe; }

weaken() {
        raw || return 2
        enter() { timeout 2 nsenter -t "$(tenant_init "$place")" -a -r -w -- "$@"; }
}

cleanup() { in_place rm -f /srv/trap; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# X1: overwrites the program that enters it, which the host will start again
# mechanism: a program of the tenant's begins with "#!/proc/self/exe": the host's executes itself again inside, and /proc/PID/exe is its file (CVE-2019-5736)
# stopped by: a sealed copy in memory executes the tenant's programs; and no file of the host's belongs to anybody in the tenant
# weakened: no user namespace, entered by nsenter

enter() { in_place "$@"; }

probe() {
        local status=0 seconds=$((4 + time_scale)) scan
        in_place_sh 'mkdir -p /srv && printf "#!/proc/self/exe\n" >/srv/trap && chmod 755 /srv/trap' || return 2
        in_place /attacks/exes write "$seconds" &
        scan=$!
        while kill -0 "$scan" 2>/dev/null; do
                in_place_timeout=2 enter /srv/trap >/dev/null 2>&1 </dev/null
        done
        wait "$scan" || status=$?
        return "$status"
}

attack() { judged_by probe; }

weaken() {
        raw no-userns || return 2
        careless_program=/var/tmp/careless # /run may be noexec
        cp /usr/bin/nsenter "$careless_program"
        enter() { timeout 2 "$careless_program" -t "$(tenant_init "$place")" -a -r -w -- "$@"; }
}

cleanup() {
        in_place rm -f /srv/trap
        rm -f /var/tmp/careless
}

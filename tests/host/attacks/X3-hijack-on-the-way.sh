# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# X3: takes the descriptors of a process that is on its way into the tenant, or traces it
# mechanism: who enters is visible inside before its program runs; a slow file system holds it there with all that it still has
# stopped by: who enters is undumpable and the memory is the host's user namespace's; by then only pipes are open
# weakened: no user namespace, entered by nsenter with the host's /etc open

enter() { in_place "$@" 9</etc; }

probe() {
        local status=0 seconds=$((3 + time_scale)) log
        log=$(mktemp /run/test-host/hijack.XXXXXX)
        in_place_sh 'test -s /etc/machine-id || tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id' || return 2
        in_background hang /attacks/fuse /srv/slow "slow=$((seconds + 2))" || return 2
        in_place /attacks/hijack "$((seconds + 3))" >"$log" 2>&1 &
        if is_raw "$place"; then
                wait_for 5 grep -q watching "$log" # tenantctl run tells its output at the end
        else
                wait_for 5 pgrep -x hijack
        fi
        in_place_timeout=$((seconds + 6)) enter /srv/slow/program >/dev/null 2>&1
        wait %% || status=$?
        cat "$log"
        rm -f "$log"
        return "$status"
}

attack() { judged_by probe; }

weaken() {
        raw no-userns || return 2
        enter() { timeout "$in_place_timeout" nsenter -t "$(tenant_init "$place")" -a -r -w -- "$@" 9</etc; }
}

cleanup() { background_end fuse; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# X3: takes the descriptors of the process that brings new certificates into the tenant, or traces it
# mechanism: it is the agent's own program, held inside by a file system that does not answer where the certificates go
# stopped by: who enters is undumpable and the memory is the host's user namespace's; all that it has open is /dev/null
# weakened: no user namespace, entered by nsenter with the host's /etc open
# needs: docker

target=/run/tenantd-docker
enter() { tenantctl docker-rotate "$place"; }

probe() {
        local status=0 seconds=$((3 + time_scale)) log
        log=$(mktemp /run/test-host/hijack.XXXXXX)
        in_place_sh "mkdir -p $target; test -s /etc/machine-id || tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id" || return 2
        in_background hang /attacks/fuse "$target" open || return 2
        in_place /attacks/hijack "$((seconds + 3))" >"$log" 2>&1 &
        watcher=$!
        if is_raw "$place"; then
                wait_for 5 grep -q watching "$log" # tenantctl run tells its output at the end
        else
                wait_for 5 pgrep -x hijack
        fi
        enter >/dev/null 2>&1 &
        wait "$watcher" || status=$?
        background_end fuse # what was held goes on
        wait
        cat "$log"
        rm -f "$log"
        return "$status"
}

attack() { judged_by probe; }

weaken() {
        raw no-userns || return 2
        enter() { nsenter -t "$(tenant_init "$place")" -a -r -w -- "$target/program" 9</etc; }
}

cleanup() {
        background_end fuse
        is_raw "$place" || in_place umount --lazy "$target" # the dead one, above the host's
}

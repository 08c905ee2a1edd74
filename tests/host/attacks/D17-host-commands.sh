# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D17: holds up the host's df, daemon-reload and usage reports by a file system that does not answer
# mechanism: whoever asks a FUSE (or NFS) file system waits for the tenant, and no signal wakes him
# stopped by: a tenant's mounts are in its own mount namespace only; nobody asks its tree: usage is of quota, cgroup and network (and FUSE of a user namespace does not serve the host's root)
# weakened: no user namespace, usage measured by df of the container's tree

usage() { tenantctl usage "$place" && tenantctl status "$place"; }

probe() {
        local command
        in_background hang /attacks/fuse /mnt all || return 2
        for command in 'df -a' 'systemctl daemon-reload' 'tenantctl list' usage 'tenantctl doctor' 'findmnt' 'sync'; do
                timed $command && continue
                echo "$command did not end"
                return 0
        done
        echo "df, daemon-reload, list, usage, doctor, findmnt and sync ended"
        return 1
}

attack() { judged_by probe; }

# By us, since it may be a function (in a process of its own, which is the one that waits); false when it was killed, or could not even be.
# Who waits for FUSE's answer waits for ever.
timed() {
        local limit=$((SECONDS + 15 * time_scale)) held=0 waits_in
        "$@" >/dev/null 2>&1 </dev/null &
        while kill -0 $! 2>/dev/null; do
                waits_in=$(cat "/proc/$!/wchan" 2>/dev/null)
                if [[ $waits_in == *fuse* || $waits_in == request_wait_answer ]]; then held=$((held + 1)); else held=0; fi
                if [[ $held -ge 40 || $SECONDS -ge $limit ]]; then
                        kill -KILL $!
                        return 1
                fi
                sleep 0.05
        done
        wait $! || [[ $? -le 2 ]]
}

weaken() {
        raw no-userns || return 2
        usage() { exec df "$(tenant_root "$place")/mnt"; }
}

cleanup() { background_end fuse; }

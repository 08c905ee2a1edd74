# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K9: sees when the host and its neighbours use a device, and slows all of them down
# mechanism: a device that comes from the host's /dev is the host's inode, with one list of watches for everybody
# stopped by: the nodes of a tenant's /dev are inodes of its own
# weakened: /dev/null of the host's, bound into it
# needs: neighbour

# Both use it meanwhile.
use() {
        while :; do
                : >/dev/null
                place=$victim in_place_may_fail=1 in_place_sh ': >/dev/null'
                sleep 0.2
        done
}

attack() {
        local status=0 user
        use &
        user=$!
        in_place /attacks/watch /dev/null "$((3 * time_scale))" || status=$?
        kill "$user"
        return "$status"
}

weaken() { raw; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K10: kills another tenant's process
# mechanism: processes are reached by their numbers, with the ids or the capabilities for it; Sysbox has one range of ids for all
# stopped by: a pid namespace of its own; behind it ids that no other tenant has
# weakened: the host's pid namespace, the victim's range of ids
# needs: neighbour

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

# In a tenant the number is nobody's, or one of its own processes'.
attack() {
        local said status=0
        victim_holds || return 2
        said=$(in_place /attacks/peek end "$held") || status=$?
        wait_for 2 held_is_gone && breached "the victim's process is gone"
        [[ $status -eq 0 || $status -eq $status_stopped ]] || broken "$said"
        stopped "$said, not the victim's"
}

held_is_gone() { [[ ! -e /proc/$held/exe ]]; }

weaken() { raw host-pid common-range; }

cleanup() { victim_lets_go; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# X8: fills the descriptor store of its unit, which systemd keeps for it
# mechanism: FDSTORE=1 with descriptors in notifications; whoever holds them holds sockets, files and file systems of the tenant's
# stopped by: a notification with descriptors is never taken, and the next ones are not heard
# weakened: a runner that passes notifications on as they are, and a unit with a store

probe() {
        local stored begun=$EPOCHSECONDS
        in_place /attacks/news store 20 || return 2
        wait_for 10 arrived || { echo "broken: no descriptor came to the runner"; return 2; }
        stored=$(systemctl show -P NFileDescriptorStore "tenant@$place")
        echo "$stored descriptors in the store of the unit"
        [[ $stored -gt 0 ]]
}

attack() { judged_by probe; }

# In the store, or refused.
arrived() { stored || journalctl -o cat --since="@$begun" -u "tenant@$place" | grep -q 'sent descriptors'; }

stored() { [[ $(systemctl show -P NFileDescriptorStore "tenant@$place") -gt 0 ]]; }

weaken() { weak_tenant naive-notify; }

# Nothing is heard of it any more until it is started again.
cleanup() { systemctl restart "tenant@$place"; }

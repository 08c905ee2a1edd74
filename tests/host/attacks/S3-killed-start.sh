# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# S3: a user of the host runs a tenant's set-uid program while the agent dies in the middle of the tenant's start
# mechanism: what mounts the store for a start is gone before it has set the flags, or takes them away for the time of the start
# stopped by: the store's flags are a mount unit's, before any start; a start clears nosuid on a clone nobody else sees, and needs no agent
# weakened: store mounted suid, its directories open to all

# shellcheck source=tests/host/attacks/store.sh
. "$here/store.sh"

activating() { [[ $(systemctl is-active "tenant@$place") == activating ]]; }

attack() {
        local file
        in_place_sh 'mkdir -p /srv && cp /attacks/euid /srv/shell && chmod 6755 /srv/shell' || broken "no shell"
        file=$(upper_of "$place")/srv/shell
        agent_mortal
        systemctl stop "tenant@$place"
        judge_file "$file"
        tenantctl --quiet start "$place" &
        wait_for 10 activating || broken "the tenant does not start"
        agent_kill
        activating || broken "the start was over before the agent"
        judge_file "$file"
        ! wait "$!" || broken "tenantctl did not notice the agent's death"
        wait_for 60 active "$place" || broken "the start needs the agent"
        judge_file "$file"
        stopped "Permission denied before, during and after the start, and the mount is nosuid,nodev"
}

weaken() { weak_tenant suid-store; }

cleanup() {
        systemctl start "tenant@$place"
        in_place rm -f /srv/shell
}

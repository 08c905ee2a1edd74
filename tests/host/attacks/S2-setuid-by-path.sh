# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# S2: a user of the host runs a tenant's set-uid program by its path in the store, and gets the tenant's identity
# mechanism: set-id files of a container within reach of host users (CVE-2025-64507: custom volumes of Incus with unshifted ids)
# stopped by: store 0700 and owned by root, mounted nosuid,nodev; set-id counts on the tenant's own clone of the mount only
# weakened: store mounted suid, its directories open to all

# shellcheck source=tests/host/attacks/store.sh
. "$here/store.sh"

attack() {
        in_place_sh 'mkdir -p /srv && cp /attacks/euid /srv/shell && chmod 6755 /srv/shell' || broken "no shell"
        judge_file "$(upper_of "$place")/srv/shell"
        stopped "Permission denied, and the mount is nosuid,nodev"
}

weaken() { weak_tenant suid-store; }

cleanup() { in_place rm -f /srv/shell; }

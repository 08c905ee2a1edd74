# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D3: takes all inotify instances
# mechanism: they are counted per user; the kernel counts a user namespace's at the one who made it, and most runtimes make all as root
# stopped by: each tenant's user namespace is made by an id of the tenant's own
# weakened: the namespace is made by the host's root
# needs: kernel

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() {
        # So that the end is near; whose count it is does not depend on it.
        sysctl_for_now fs.inotify.max_user_instances 500
        exhaust_attack inotify 1000
}

weaken() { raw common-creator; }

cleanup() {
        noise_end
        sysctls_back
}

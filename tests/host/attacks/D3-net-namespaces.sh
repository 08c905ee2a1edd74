# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D3: takes all network namespaces
# mechanism: they are counted per user, at the one who made the user namespace
# stopped by: each tenant's user namespace is made by an id of the tenant's own
# weakened: the namespace is made by the host's root
# needs: kernel

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() {
        # So that the end is near; whose count it is does not depend on it.
        sysctl_for_now user.max_net_namespaces 100
        exhaust_attack net-namespaces 200
}

weaken() { raw common-creator; }

cleanup() {
        noise_end
        sysctls_back
}

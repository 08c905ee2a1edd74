# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D5: makes network namespaces without end
# mechanism: each has tables of its own (connections, routes, neighbours) that no cgroup counts, and an end that takes the kernel long
# stopped by: user.max_net_namespaces, which the kernel counts for each tenant by its own
# weakened: user.max_net_namespaces as the kernel has it
# needs: kernel

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

taken=0
take() {
        taken=$(in_place_timeout=300 in_place /attacks/exhaust net-namespaces 300 0)
        echo "$taken"
        taken=$(sed -n 's/^net-namespaces: \([0-9]*\),.*/\1/p' <<<"$taken")
        ((taken >= 100))
}

attack() {
        # Those of the weakened run have ended, but the kernel takes its time to count them off.
        wait_for 30 take || broken "only $taken"
        ((taken < 300)) || breached "$taken network namespaces"
        stopped "$taken network namespaces, then: $(sysctl user.max_net_namespaces)"
}

weaken() { sysctl_for_now user.max_net_namespaces 100000; }

cleanup() {
        noise_end
        sysctls_back
}

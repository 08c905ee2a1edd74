# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D11: keeps the kernel busy with namespaces that end at once
# mechanism: what a network namespace had is taken away by a worker of the kernel, in no cgroup
# stopped by: CPUQuota= and the tenant's weight bound how many are made, which costs as much as their end; user.max_net_namespaces how many wait for it
# weakened: no cgroup of its own
# needs: controllers neighbour

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

# The worker is the kernel's, and takes about as much again.
level_bounds=(CPUWeight=1 CPUQuota=5%)

attack() { burn_attack namespaces 16; }

weaken() { raw host-cgroup; }

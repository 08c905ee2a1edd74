# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D11: makes and ends processes all the time
# mechanism: memory maps, pids and the end of a process are the kernel's work
# stopped by: CPUQuota= and the tenant's weight: what it burns is its own share of the processors
# weakened: no cgroup of its own
# needs: controllers neighbour

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() { burn_attack forks 16; }

weaken() { raw host-cgroup; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D11: makes the scheduler choose all the time
# mechanism: two processes that wake each other cost more of the kernel's time than of their own
# stopped by: CPUQuota= and the tenant's weight: what it burns is its own share of the processors
# weakened: no cgroup of its own
# needs: controllers neighbour

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() { burn_attack switch 16; }

weaken() { raw host-cgroup; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D11: makes the clock interrupt all the time
# mechanism: timers of a microsecond fire in interrupts, which no process is charged for
# stopped by: the kernel lets a timer that is behind fire once for all; who reads it is charged: CPUQuota= and the tenant's weight: what it burns is its own share of the processors
# weakened: no cgroup of its own
# needs: controllers neighbour

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() { burn_attack timers 16; }

weaken() { raw host-cgroup; }

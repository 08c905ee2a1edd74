# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D11: computes on every processor
# mechanism: the scheduler is fair to processes, and a tenant has as many as it likes
# stopped by: CPUQuota= and the tenant's weight: what it burns is its own share of the processors
# weakened: no cgroup of its own
# needs: controllers neighbour

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() {
        level requests /attacks/burn cpu "$(crowd 24)"
        level_verdict
}

weaken() { raw host-cgroup; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D10: writes as much as goes, again and again
# mechanism: what is written waits in memory until the disk has it, and everybody waits for memory then
# stopped by: bytes a second of the tenant (IOWriteBandwidthMax=), its memory, and its share of the processors
# weakened: no cgroup of its own
# needs: controllers neighbour

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() {
        level_bounds+=(IOWriteBandwidthMax=10M)
        burn_attack write 4
}

weaken() { raw host-cgroup; }

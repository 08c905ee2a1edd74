# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D10: keeps the disk busy with writes that have to be on it
# mechanism: every fsync makes the file system write its journal, which is one for all who are on it
# stopped by: requests a second of the tenant (IOWriteIOPSMax=), and its share of the processors
# weakened: no cgroup of its own
# needs: controllers neighbour

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() {
        level_bounds+=(IOWriteIOPSMax=50)
        burn_attack sync 8
}

weaken() { raw host-cgroup; }

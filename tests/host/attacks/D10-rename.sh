# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D10: keeps the disk's journal busy with names
# mechanism: each rename and fsync of its directory is a transaction of the file system's journal, which is one for all
# stopped by: its share of the processors; who waits for the journal does not compute
# weakened: no cgroup of its own
# needs: controllers neighbour

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() {
        level_bounds+=(IOWriteIOPSMax=100)
        burn_attack rename 8
}

weaken() { raw host-cgroup; }

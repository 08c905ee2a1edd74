# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K11: reads the host's shared memory
# mechanism: what is found by a name without a file is found in all mount namespaces
# stopped by: an IPC namespace of its own
# weakened: the host's IPC namespace

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

attack() {
        host_offers shm 4711 || return 2
        in_place /attacks/ipc take shm 4711
}

weaken() { raw no-ipc; }

cleanup() { host_offers_no_more shm 4711; }

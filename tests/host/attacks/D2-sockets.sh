# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D2: fills the host's memory with what waits in sockets
# mechanism: what was sent and not read is kept by the kernel
# stopped by: the kernel charges it to the tenant's cgroup; MemoryMax= ends it there
# weakened: no cgroup of its own
# needs: kernel controllers

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() { memory_attack sockets; }

weaken() { raw host-cgroup; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D2: takes all of the host's memory
# mechanism: memory is given to whoever asks, until there is none; then the kernel kills somebody
# stopped by: the kernel charges it to the tenant's cgroup; MemoryMax= ends it there
# weakened: no cgroup of its own
# needs: kernel controllers

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() { memory_attack pages; }

weaken() { raw host-cgroup; }

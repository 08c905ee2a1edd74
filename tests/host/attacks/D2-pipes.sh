# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D2: fills the host's memory with what waits in pipes
# mechanism: a pipe holds up to 1 MiB; the kernel's own bound is per user id, and a tenant has 262144 of them
# stopped by: the kernel charges it to the tenant's cgroup; MemoryMax= ends it there
# weakened: no cgroup of its own
# needs: kernel controllers

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() { memory_attack pipes; }

weaken() { raw host-cgroup; }

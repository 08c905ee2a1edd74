# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D2: fills the host's memory with names that do not exist
# mechanism: the kernel remembers each failed look-up; its own memory is not in any process's size
# stopped by: the kernel charges it to the tenant's cgroup; MemoryMax= ends it there
# weakened: no cgroup of its own
# needs: kernel controllers

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() { memory_attack dentries; }

weaken() { raw host-cgroup; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D2: fills the host's memory with page tables
# mechanism: a page of a table for each two mebibytes touched, of an address space that costs nothing
# stopped by: the kernel charges it to the tenant's cgroup; MemoryMax= ends it there
# weakened: no cgroup of its own
# needs: kernel controllers

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() { memory_attack tables; }

weaken() { raw host-cgroup; }

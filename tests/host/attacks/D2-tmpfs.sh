# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D2: fills the host's memory with files in /dev/shm
# mechanism: files in tmpfs are memory of nobody's process; killing the writer gives nothing back
# stopped by: the kernel charges it to the tenant's cgroup; MemoryMax= ends it there
# weakened: no cgroup of its own
# needs: kernel controllers

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() { memory_attack tmpfs; }

weaken() { raw host-cgroup; }

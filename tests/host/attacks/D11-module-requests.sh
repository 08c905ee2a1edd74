# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D11: makes the kernel begin programs of the host's without end, by asking for protocols that there are not
# mechanism: for each such request the kernel runs kernel.modprobe as root of the host, in no tenant's cgroup, beside all slices
# stopped by: the gate for modules takes itself away for a minute when too many were refused: then the kernel runs nothing
# weakened: without that gate, modprobe itself is run
# needs: kernel controllers neighbour

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() { burn_attack modules 32; }

weaken() { weak_tenant no-module-gate; }

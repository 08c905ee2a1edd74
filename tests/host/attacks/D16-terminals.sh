# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D16: takes all pseudo terminals
# mechanism: their number is one for all, 4096 by default, of which 1024 are the host's; every new instance of devpts gives more
# stopped by: kernel.pty.max, far above what a tenant's memory is enough for
# weakened: kernel.pty.max as the kernel has it, or less
# needs: kernel neighbour

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() { exhaust_attack terminals 3000; }

weaken() { sysctl_for_now kernel.pty.max 2500; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D16: takes all asynchronous requests
# mechanism: their number is one for all (fs.aio-max-nr), and a database next door does not start without
# stopped by: fs.aio-max-nr, so high that the memory of the rings, which the tenant pays, comes first
# weakened: fs.aio-max-nr low
# needs: kernel neighbour controllers

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() { exhaust_attack requests 1100; }

weaken() { sysctl_for_now fs.aio-max-nr 1048576; }

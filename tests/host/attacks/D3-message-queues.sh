# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D3: takes all bytes for POSIX message queues
# mechanism: they are counted per user (RLIMIT_MSGQUEUE), at the one who made the user namespace
# stopped by: each tenant's user namespace is made by an id of the tenant's own
# weakened: the namespace is made by the host's root
# needs: kernel

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() { exhaust_attack queues 1000; }

weaken() { raw common-creator; }

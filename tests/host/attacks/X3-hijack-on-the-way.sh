# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# X3: takes the descriptors of a process that is on its way into the tenant, or traces it
# mechanism: who enters is visible inside before its program runs; a slow file system holds it there with all that it still has
# stopped by: who enters is undumpable and the memory is the host's user namespace's; by then only pipes are open
# weakened: no user namespace, entered by nsenter with the host's /etc open

# shellcheck source=tests/host/attacks/hijack.sh
. "$here/hijack.sh"

enter() { in_place "$@" 9</etc; }

probe() { hijack_while /srv/slow "slow=$((5 + time_scale))" enter /srv/slow/program; }

attack() { judged_by probe; }

weaken() {
        raw no-userns || return 2
        enter() { careless "$@" 9</etc; }
}

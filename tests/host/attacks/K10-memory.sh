# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K10: reads the memory of another tenant's process
# mechanism: processes are reached by their numbers, with the ids or the capabilities for it; Sysbox has one range of ids for all
# stopped by: a pid namespace of its own; behind it a user namespace of its own, which ptrace(2) asks for capabilities over, and Yama
# weakened: the host's pid namespace, no user namespace
# needs: neighbour

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

attack() {
        victim_holds || return 2
        in_place /attacks/peek read "$held" "$held_address"
}

weaken() { raw host-pid no-userns; }

cleanup() { victim_lets_go; }

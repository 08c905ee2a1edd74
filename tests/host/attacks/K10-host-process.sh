# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K10: kills a process of the host
# mechanism: a number is all that kill(2) asks for
# stopped by: a pid namespace of its own; behind it ids that are not the host's
# weakened: no user namespace, the host's pid namespace

# In a tenant the number is nobody's, or one of its own processes'.
attack() {
        local said status=0
        sleep 1000 &
        target=$!
        said=$(in_place /attacks/peek end "$target") || status=$?
        wait_for 2 target_is_gone && breached "a process of the host is gone"
        [[ $status -eq 0 || $status -eq $status_stopped ]] || broken "$said"
        stopped "$said, not the host's"
}

target_is_gone() { ! kill -0 "$target"; }

weaken() { raw no-userns host-pid; }

cleanup() { kill "$target" 2>/dev/null || true; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K2: makes the kernel run /sbin/request-key as root of the host, on a text of the tenant's
# mechanism: request_key(2) for a key that is not there starts that program, in whatever user namespace it is called
# stopped by: seccomp: there are no keys
# weakened: no seccomp
# needs: kernel

program=/sbin/request-key
ran=/run/test-host/request-key

attack() {
        local said status=0
        [[ ! -e $program ]] || broken "there is $program already"
        printf '#!/bin/sh\necho "$@" >%s\n' "$ran" >"$program"
        chmod 755 "$program"
        said=$(in_place /attacks/upcall) || status=$?
        # The call is answered when the program has ended.
        [[ ! -e $ran ]] || breached "root of the host ran $program $(<"$ran")"
        [[ $status -eq 100 ]] || broken "$said"
        stopped "$said"
}

weaken() { weak_tenant no-seccomp; }

cleanup() { rm -f "$program" "$ran"; }

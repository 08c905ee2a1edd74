#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 120
# kill -9 of the composer and of the child at every step of a start: the start fails, says why, leaves nothing, and works next time.
# And what others may do while a start is half done.
. /src/tests/lib/lib.sh
. /src/tests/lib/tenant.sh

payload=/sys/fs/cgroup/tenant.slice/tenant@faulty.service/payload

child() { cat $payload/cgroup.procs 2>/dev/null | grep .; }
composer() { pgrep -P "$(runner_of faulty)" | grep -vxF "$(child)"; }
# The step before the pivot.
named() { [[ $(nsenter -t "$(child)" --uts hostname) == faulty ]]; }
dead() { [[ ! -e /proc/$1 ]]; }

waiting_at() { # STEP COMMAND LINE...
        fault faulty "$1:wait" "${@:3}"
        systemctl start --no-block tenant@faulty
        ok "a start that waits before $1" wait_for 20 "$2"
}

# A unit that an administrator changed, so that no tenant can be started by it.
unfit() { # LINE PATTERN
        fault faulty nothing "$1" # no such step: only the line counts
        not_ok "$1: the start fails" systemctl start tenant@faulty
        ok "$1: an error that says what to do" grep -E "^HostNotReady: .*$2" /run/tenantd/faulty/error
        systemctl reset-failed tenant@faulty
        ok "$1: nothing is left" census_clean
}

ok "an image" image debian12-minimal
ok "create" tenant faulty
census_start
rm -rf /run/tenantd/faulty
census_before=$(census; echo "run faulty"; echo "run faulty/error"; echo "run faulty/lock")
census_before=$(LC_ALL=C sort <<<"$census_before")
for step in journal definition backends guest storage cgroup image dev namespace clone maps network exec \
        child-root child-mounts child-pivot child-exec; do
        fault faulty "$step"
        not_ok "killed before $step: the start fails" systemctl start tenant@faulty
        ok "killed before $step: an error that says so" grep -Eq '^[A-Za-z]+: .{10}' /run/tenantd/faulty/error
        systemctl reset-failed tenant@faulty
        ok "killed before $step: nothing is left" census_clean
done

unfit Delegate=no 'leave Delegate=yes .* systemctl cat tenant@faulty'
unfit Slice=system.slice 'leave Slice= .* systemctl cat tenant@faulty'

waiting_at child-pivot named
is "$(error_of run faulty -- /bin/true)" NotRunning "nothing runs in a tenant that still has the host's root"
ok "it is stopped" systemctl stop tenant@faulty
waiting_at storage composer
ok "it is stopped" systemctl stop tenant@faulty
ok "which is no failure" inactive faulty
waiting_at maps child KillMode=process
pid=$(composer)
ok "kill -9 of the runner" kill -KILL "$(runner_of faulty)"
ok "the composer ends with it" wait_for 5 dead "$pid"
ok "so the unit does" wait_for 20 failed faulty
systemctl reset-failed tenant@faulty
touch /run/tenantd/faulty/error
ok "nothing is left" census_clean
fault faulty
ok "the next start works" systemctl start tenant@faulty
ok "and stops" systemctl stop tenant@faulty
tenants_end faulty

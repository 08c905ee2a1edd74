#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 120
# kill -9 of the composer and of the child at every step of a start: the start fails, says why, leaves nothing, and works next time.
. /src/tests/lib/lib.sh
. /src/tests/lib/tenant.sh

ok "an image" image debian12-minimal
ok "create" tenant faulty
census_start
rm -rf /run/tenantd/faulty
census_before=$(census; echo "run faulty"; echo "run faulty/error"; echo "run faulty/lock")
census_before=$(LC_ALL=C sort <<<"$census_before")
for step in journal definition backends guest storage cgroup image namespace clone maps network exec \
        child-root child-mounts child-pivot child-exec; do
        fault faulty "$step"
        not_ok "killed before $step: the start fails" systemctl start tenant@faulty
        ok "killed before $step: an error that says so" grep -Eq '^[A-Za-z]+: .{10}' /run/tenantd/faulty/error
        systemctl reset-failed tenant@faulty
        ok "killed before $step: nothing is left" census_clean
done
fault faulty
ok "the next start works" systemctl start tenant@faulty
ok "and stops" systemctl stop tenant@faulty
tenants_end faulty

#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# cgroup-v2 on the kernel's own cgroups: each test of harness-cgroup in a delegated unit of its own. Where the host has no
# controllers, the tests ask that a limit is refused with its reason; where it has them, that it is in force.
# timeout: 120
# shellcheck source=tests/lib/lib.sh
. /src/tests/lib/lib.sh

harness=/build/tests/contract/harness-cgroup
plugin=/build/plugins/cgroup-v2/cgroup-v2.so

in_unit() { # TEST
        systemd-run --quiet --wait --pipe --collect --unit "contract-$1" -p Delegate=yes "$harness" "$plugin" "$1"
}

mapfile -t tests < <("$harness" --list)
ok "there are tests: ${#tests[@]}" test ${#tests[@]} -gt 5
for test in "${tests[@]}"; do
        ok "$test" in_unit "$test"
done
not_ok "nothing of the units' cgroups is left" ls -d /sys/fs/cgroup/system.slice/contract-*

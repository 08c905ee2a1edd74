#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The story of ./demo: each of its claims is a point.
# timeout: 240
# shellcheck source=tests/lib/lib.sh
. /src/tests/lib/lib.sh

tenantctl --quiet list # the first call mounts the store
census_start
log=$(mktemp /run/test-host/story.XXXXXX)
/src/tests/lib/story >"$log" 2>&1
status=$?
# "shown      0.12 s  text", "BROKEN     0.12 s  text"
while read -r verdict _ _ text; do
        tail -n 300 "$log" | grep -a . >"$tap_log"
        tap_result "$([[ $verdict == shown ]]; echo $?)" "$text"
done < <(grep -aE '^(shown|BROKEN) +[0-9.]+ s  ' "$log")
is "$(grep -aoE '^[0-9]+ claims' "$log")" "$tap_points claims" "every claim is counted"
ok "as many as the story has" test "$tap_points" -gt 25
is "$status" 0 "the story ends well"
rm -f "$log"
ok "nothing is left" census_clean

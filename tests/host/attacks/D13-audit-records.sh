# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D13: pushes the host's own lines out of its journal by trying to leave its AppArmor profile without end
# mechanism: AppArmor makes an audit record of each refused change of a profile, deny or not, and journald stores them without a bound
# stopped by: tenantd-audit.service: the kernel makes no AVC records for tenants' ids
# weakened: without that rule
# needs: apparmor kernel

# shellcheck source=tests/host/attacks/audit.sh
. "$here/audit.sh"

change_profile='echo changeprofile unconfined >/proc/self/attr/apparmor/current'
record='operation="change_profile"'
report=(aa-exec -p tenantd-tenant -- sh -c "$change_profile")

# How many of 200 tries were refused.
tries() { in_place bash -c "for ((i = n = 0; i < 200; i++)); do $change_profile 2>/dev/null || n=\$((n + 1)); done; echo \$n"; }

probe() {
        local before refused records
        before=$(audit_records "$record" | wc -l)
        refused=$(tries) || return 2
        records_are_there "$record" "${report[@]}" || return 2
        records=$(($(audit_records "$record" | wc -l) - before - 1))
        echo "$refused tries refused, $records records in the journal"
        [[ $refused -eq 200 ]] || return 2
        [[ $records -gt 0 ]]
}

attack() { judged_by probe; }

weaken() { weak_tenant no-audit-filter; }

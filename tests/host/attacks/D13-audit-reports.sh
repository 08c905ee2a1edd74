# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D13: pushes the host's own lines out of its journal by system calls that a filter of its own reports
# mechanism: the kernel's audit makes a record of each (SECCOMP_RET_LOG), journald switches audit on, and stores them without a bound
# stopped by: tenantd-audit.service: the kernel makes no records of its own accord for tenants' ids
# weakened: without those rules
# needs: kernel

# shellcheck source=tests/host/attacks/audit.sh
. "$here/audit.sh"

record='^SECCOMP '
report=("$attack_programs/reports" 1)

probe() {
        local before records
        records_are_there "$record" "${report[@]}" || { echo "broken: the host's own reports are no records"; return 2; }
        before=$(audit_records "$record" | wc -l)
        in_place /attacks/reports 200 || return 2
        records_are_there "$record" "${report[@]}" || return 2
        records=$(($(audit_records "$record" | wc -l) - before - 1))
        echo "of 200 reports $records are records in the journal"
        [[ $records -gt 0 ]]
}

attack() { judged_by probe; }

weaken() { weak_tenant no-audit-filter; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D13: pushes the host's own lines out of its journal by system calls that a filter of its own reports
# mechanism: the kernel's audit makes a record of each (SECCOMP_RET_LOG), journald switches audit on, and stores them without a bound
# stopped by: tenantd-audit.service: the kernel makes no records of its own accord for tenants' ids
# weakened: without those rules
# needs: kernel

audit_records() { # PATTERN
        journalctl --sync
        journalctl -q -o cat _TRANSPORT=audit | grep "^SECCOMP .*$1"
}

# Records come in the order in which the kernel makes them, but not at once: waits for that of one more report, by root of the host.
records_are_there() {
        local pid
        "$attack_programs/reports" 1 &
        pid=$!
        wait "$pid"
        wait_for 10 audit_records "pid=$pid "
}

probe() {
        local before records
        records_are_there || { echo "broken: the host's own reports are no records"; return 2; }
        before=$(audit_records "" | wc -l)
        in_place /attacks/reports 200 || return 2
        records_are_there || return 2
        records=$(($(audit_records "" | wc -l) - before - 1))
        echo "of 200 reports $records are records in the journal"
        [[ $records -gt 0 ]]
}

attack() { judged_by probe; }

weaken() { weak_tenant no-audit-filter; }

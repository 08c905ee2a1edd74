# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D13: fills the host's memory or disk by what a program says that the operator runs
# mechanism: who collects the output of a program in a container keeps all of it (Incus: exec output, CVE-2026-41685 is of the kind)
# stopped by: one mebibyte is kept of each stream, what is more is read and dropped; programs have a limit of time
# weakened: an operator's shell that keeps all

run() { in_place timeout 5 cat /dev/zero; }

probe() {
        local size peak=0 kib pid
        run >/run/test-host/output 2>/run/test-host/output.error &
        while kill -0 $! 2>/dev/null; do
                for pid in $(pgrep -x 'tenantd|tenantd-worker|tenantctl'); do
                        kib=$(awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status" 2>/dev/null)
                        [[ ${kib:-0} -le $peak ]] || peak=$kib
                done
        done
        size=$(stat -c %s /run/test-host/output)
        echo "$((size >> 20)) MiB of output kept; at most $((peak >> 10)) MiB of memory in a process of tenantd's"
        [[ $size -gt $((4 << 20)) || $peak -gt $((64 << 10)) ]]
}

attack() { judged_by probe; }

weaken() {
        raw || return 2
        run() { in_place sh -c 'head -c 200M /dev/zero'; }
}

cleanup() { rm -f /run/test-host/output{,.error}; }

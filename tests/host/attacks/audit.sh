# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# audit.sh: for attacks on the host's journal by records of the kernel's audit (D13); an attack sources it itself. Refuses to count before
# all that was made has come.

# audit_records PATTERN: those in the journal that have it.
audit_records() {
        journalctl --sync
        journalctl -q -o cat _TRANSPORT=audit | grep "$1"
}

# records_are_there PATTERN COMMAND...: records come in the order in which the kernel makes them, but not at once: waits for one more such,
# which COMMAND makes as root of the host.
records_are_there() {
        local pid
        "${@:2}" 2>/dev/null &
        pid=$!
        wait "$pid"
        wait_for 10 audit_records "$1.*pid=$pid "
}

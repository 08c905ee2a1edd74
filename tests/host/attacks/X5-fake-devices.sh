# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# X5: becomes the input of the operator's programs, or holds them up, by a /dev/null of its own
# mechanism: who enters opens a device by the tenant's path, and the tenant has put a file, a FIFO or a file system of its own there (lxc issue 1620)
# stopped by: nothing of the tenant's is opened on the way in: what a program reads and writes are pipes made outside
# weakened: entered by nsenter, with /dev/null as input

enter() { in_place "$@"; }

probe() {
        local text
        in_place_sh 'echo "typed by the attacker" >/fake; mkfifo /fifo; cp -a /dev/pts/ptmx /fake.ptmx 2>/dev/null; :' || return 2
        in_background null mount --bind /fake /dev/null || in_place mount --bind /fake /dev/null || return 2
        text=$(in_place_timeout=20 enter head -c 64) || return 2
        [[ -z $text ]] || { echo "the operator's program read: $text"; return 0; }
        in_place umount /dev/null
        in_place mount --bind /fifo /dev/null || return 2
        in_place_timeout=10 enter /attacks/origin || { echo "the operator's program did not come in"; return 0; }
        echo "its input was empty, and it came in"
        return 1
}

attack() { judged_by probe; }

weaken() {
        raw || return 2
        enter() { timeout "$((in_place_timeout * time_scale))" nsenter -t "$(tenant_init "$place")" -a -r -w -- sh -c 'exec "$@" </dev/null' sh "$@"; }
}

cleanup() { in_place_sh 'umount /dev/null; rm -f /fake /fifo /fake.ptmx'; }

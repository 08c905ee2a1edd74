# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# X2: reads the host's files by a descriptor that came in with its program, or by its working directory
# mechanism: a directory of the host's among the descriptors of what enters, /proc/self/fd/N as a working directory (CVE-2024-21626)
# stopped by: programs get three pipes, all else is closed before the namespaces are joined; the working directory is the tenant's root
# weakened: entered by nsenter with the host's /etc open

enter() { in_place "$@" 9</etc; }

probe() {
        local lines
        in_place_sh 'test -s /etc/machine-id || tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id' || return 2
        lines=$(enter /attacks/origin) || return 2
        grep -E '^(descriptor|directory)' <<<"$lines"
        enter /attacks/origin escape && return 0
        ! grep -vE '^descriptor [012] pipe:' <<<"$lines" | grep '^descriptor' || return 0
        [[ $lines == *$'\ndirectory /\n'* ]] || return 0
        echo "it has three pipes; its working directory is /"
        return 1
}

attack() { judged_by probe; }

weaken() {
        raw || return 2
        enter() { careless "$@" 9</etc; }
}

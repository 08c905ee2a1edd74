# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K2: changes limits and switches that all of the host lives under
# mechanism: most of /proc/sys is one for all namespaces
# stopped by: the file is root's of the host, who does not exist in the tenant's user namespace
# weakened: no user namespace
# needs: kernel

# Every file of /proc/sys outside the network's, but for what is the tenant's own; each gets the value that it has.
attack() {
        local writable
        writable=$(in_place_sh 'cd /proc/sys && find kernel vm fs dev user debug abi -type f 2>/dev/null | while read -r f; do
                case $f in
                # Of the tenant: its name, its IPC, its process numbers, its own level of namespaces, which those above bound as well.
                kernel/hostname|kernel/domainname|kernel/shm*|kernel/msg*|kernel/sem*|kernel/auto_msgmni|kernel/ns_last_pid) ;;
                fs/mqueue/*|user/*) ;;
                # From kernel 6.14: of the pid namespace.
                kernel/pid_max) ;;
                # Commands, not values.
                vm/drop_caches|vm/compact_memory|vm/stat_refresh) ;;
                *) v=$(cat "$f" 2>/dev/null) && { echo "$v" >"$f"; } 2>/dev/null && echo "$f" ;;
                esac
        done; true') || return 2
        [[ -z $writable ]] || breached "$(wc -l <<<"$writable") files, such as $(head -n 1 <<<"$writable")"
        stopped "no file of /proc/sys outside its own namespaces can be written"
}

weaken() { raw no-userns; }

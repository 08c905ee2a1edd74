# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# hijack.sh: for attacks on a process of the host's on its way into the place (X3); an attack sources it itself. A file system of the
# place's holds the process where it can be seen, while hijack looks for what it still has.

# hijack_while DIRECTORY SILENT COMMAND...: by what `hijack` makes of COMMAND, which comes by DIRECTORY, where fuse does not answer SILENT.
hijack_while() {
        local status=0 log watcher comer
        log=$(mktemp /run/test-host/hijack.XXXXXX)
        in_place_sh "mkdir -p $1; test -s /etc/machine-id || tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id" || return 2
        in_background hang /attacks/fuse "$1" "$2" || return 2
        in_place /attacks/hijack "$((6 + time_scale))" >"$log" 2>&1 &
        watcher=$!
        if is_raw "$place"; then
                wait_for 5 grep -q watching "$log" # tenantctl run tells its output at the end
        else
                wait_for 5 pgrep -x hijack
        fi
        "${@:3}" >/dev/null 2>&1 &
        comer=$!
        wait "$watcher" || status=$?
        background_end fuse # what was held goes on
        wait "$comer"
        cat "$log"
        rm -f "$log"
        return "$status"
}

cleanup() { background_end fuse; }

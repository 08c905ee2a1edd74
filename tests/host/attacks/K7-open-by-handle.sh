# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K7: opens a file of the host by the number of its inode
# mechanism: a handle names an inode of the whole file system, of which the container sees one directory (Shocker); the attacker guessed it
# stopped by: the filter: open_by_handle_at; behind it, CAP_DAC_READ_SEARCH over the host is asked for
# weakened: no user namespace, no filter

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

# On the store's file system, of which the place is shown one directory.
secret=/var/lib/tenantd/k7-secret shown=/var/lib/tenantd/k7-shown

attack() {
        local handle
        (umask 077 && mkdir -p "$shown" && chmod 755 "$shown" && echo the-hosts-secret >"$secret") || return 2
        graft "$shown" /run/k7 || return 2
        handle=$("$attack_programs/handle" of "$secret") || broken "$handle"
        in_place /attacks/handle open /run/k7 "$handle"
}

weaken() { raw no-userns no-seccomp; }

cleanup() {
        graft_end /run/k7
        rm -rf "$secret" "$shown"
}

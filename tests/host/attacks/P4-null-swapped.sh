# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# P4: puts a link in the place of its running /dev/null, and waits for the host to write to it, read from it or mask with it
# mechanism: a runtime opens the container's /dev/null with its own rights (CVE-2025-31133, CVE-2025-52881 of runc: by it, procfs is written)
# stopped by: the host's descriptors come from the host's /dev; what is opened inside is opened as the tenant, who has no way to the host's file
# weakened: a host that opens the container's /dev/null by its path

# shellcheck source=tests/host/attacks/paths.sh
. "$here/paths.sh"

attack() {
        local said
        door_make
        # shellcheck disable=SC2016 # the place's shell expands it
        in_place_sh 'umount -l /dev/null 2>/dev/null; rm -f /dev/null && ln -s "$1" /dev/null' sh "$door/kept" || broken "/dev/null stays"
        if is_tenant; then
                said=$(in_place_may_fail=1 in_place sh -c 'cat; echo ran' 2>&1)
                tenantctl status "$place" >/dev/null
        else
                echo masked >"$(tenant_root "$place")/dev/null"
        fi
        ! door_changed || breached "$(door_changed)"
        [[ -n $said ]] || broken "the host did nothing with it"
        stopped "$(tail -n 1 <<<"$said" | cut -c 1-120)"
}

weaken() { raw no-userns; }

cleanup() {
        door_end
        start_again # its /dev is made anew
}

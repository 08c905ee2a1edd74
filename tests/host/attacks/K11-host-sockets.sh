# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K11: reaches for the sockets in the host's /run
# mechanism: the host's services listen there, Docker's daemon and the bus among them
# stopped by: a root and a /run of its own; nothing of the host is mounted
# weakened: the host's /run is mounted, as with docker -v; no user namespace
# needs: neighbour

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

attack() {
        local said
        said=$(in_place_sh 'find / -xdev -path /proc -prune -o -type s -print; find /run -type s -print')
        grep -q "/tenantd/$victim/" <<<"$said" && breached "a socket of the host: $(grep -m 1 "/tenantd/$victim/" <<<"$said")"
        grep -q . <<<"$said" || broken "not even its own"
        stopped "$(wc -l <<<"$said") sockets, all its own"
}

weaken() {
        raw no-userns
        graft /run /run/host-run
}

cleanup() { ! is_raw "$place" || graft_end /run/host-run; }

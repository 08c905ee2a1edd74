# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# P1: leaves links where the host mounts something at the next start, so that it is mounted over the host's own directories
# mechanism: mount(2) follows links in its target (CVE-2015-1335 of lxc): a /proc or /var/lib/docker that leads to the host's /etc
# stopped by: targets opened beneath the tenant's root without following links, mounts placed on the descriptors; in a mount namespace of its own
# weakened: a container whose runtime mounts by path

# shellcheck source=tests/host/attacks/paths.sh
. "$here/paths.sh"

# The last component, and one in the middle of the path.
planted=(proc sys run dev)

attack() {
        local target last
        door_make
        ! is_tenant || stop_tenant || broken "it does not stop"
        ! in_docker || planted+=(var/lib/docker var)
        for target in "${planted[@]}"; do
                plant "$target" || broken "nothing planted at /$target"
                if is_tenant; then
                        if start_planted; then
                                breached "it started with /$target a link to the host's $door"
                        fi
                        [[ $refusal == *"link"* ]] || broken "refused for another reason: $refusal"
                        last=$refusal
                else
                        mount -t tmpfs -o size=64k lure "$(upper_of "$place")/$target"
                fi
                ! door_changed || breached "$(door_changed)"
                unplant "$target"
        done
        stopped "$last"
}

in_docker() { is_tenant && [[ -e /var/lib/tenantd/tenants/$place/pki ]]; }

plant() {
        [[ $1 == */* ]] && in_stored "$place" . mkdir -p "${1%/*}"
        in_stored "$place" . sh -c '[ ! -d "$1" ] || mv -T "$1" "$1.real"; ln -s "$2" "$1"' sh "$1" "$door/empty"
}

unplant() {
        # shellcheck disable=SC2016 # the shell there expands it
        in_stored "$place" . sh -c '[ ! -L "$1" ] || rm "$1"; [ ! -d "$1.real" ] || mv -T "$1.real" "$1"' sh "$1"
}

weaken() { raw no-userns; }

cleanup() {
        local target
        for target in "${planted[@]}"; do
                unplant "$target"
        done
        door_end
        start_again
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# P7: puts a library where glibc looks for users, and waits for the host's root to look one up among the tenant's
# mechanism: a helper changes its root to the container's, still the host's root, and its libc loads the container's code (CVE-2019-14271 of docker cp)
# stopped by: who enters is the tenant's root, in his namespaces and under his filter, before a byte of his is read
# weakened: a host that changes its root and looks up the user then

# shellcheck source=tests/host/attacks/paths.sh
. "$here/paths.sh"

attack() {
        local evil
        # shellcheck disable=SC2016 # the place's shell expands it
        in_place_sh 'rm -f /evil; cp -L /attacks/libnss_evil.so.2 "$(dirname "$(find /usr/lib /lib -name libc.so.6 | head -n 1)")/" &&
                sed -i "s/^passwd:.*/passwd: evil files/; s/^group:.*/group: evil files/" /etc/nsswitch.conf' || broken "nothing planted"
        if is_tenant; then
                in_place_may_fail=1 in_place id nobody
                in_place_may_fail=1 in_place su -s /bin/true nobody
                end_tenant
                start_planted
                tenantctl status "$place"
        else
                chroot --userspec=nobody "$(tenant_root "$place")" /bin/true
        fi >/dev/null 2>&1
        evil=$(upper_of "$place")/evil
        [[ -s $evil ]] || broken "the library was not loaded at all"
        if grep -q 'map  *0  *0  *4294967295' "$evil" || [[ $(stat -c %u "$evil") -eq 0 ]]; then
                breached "its code ran as the host's root, who owns what it wrote: $(head -n 1 "$evil" | tr -s ' ')"
        fi
        stopped "its code ran as uid $(stat -c %u "$evil") of the host only: $(tail -n 1 "$evil" | tr -s ' ')"
}

# The container's root is the host's, and then the library is as well.
weaken() { raw no-userns; }

cleanup() {
        in_place_sh 'sed -i "s/ evil / /" /etc/nsswitch.conf; rm -f /evil; find /usr/lib /lib -name "libnss_evil*" -delete' >/dev/null
}

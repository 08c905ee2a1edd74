# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# C12: becomes root of the host by a program that tenantd brings
# mechanism: a set-uid or capable helper runs with whatever environment, descriptors and arguments an ordinary user gives it (lxc-user-nic: CVE-2017-5985, CVE-2022-47952)
# stopped by: there is none: what a user may, the agent does for him when polkit says so
# weakened: one of the programs set-uid

# All that the installation put there, by its build's own list.
installed() { find /usr/bin /usr/sbin /usr/libexec/tenantd /usr/lib -xdev -type f \( -path '*tenant*' \) "$@"; }

attack() {
        local programs found status=0
        programs=$(installed -perm /111 | wc -l)
        ((programs >= 4)) || broken "only $programs programs of tenantd's are there"
        found=$(installed -perm /6000; installed -exec getcap {} +) || status=$?
        ((status == 0)) || broken "cannot look: $found"
        if [[ -n $found ]]; then
                breached "$(on_host_as 65534 stat -c '%n is of %U, mode %a' "${found%%[ $'\n']*}")"
        fi
        stopped "$programs programs, none set-uid, set-gid or with capabilities"
}

weaken() { chmod u+s /usr/bin/tenantctl; }

unweaken() { chmod u-s /usr/bin/tenantctl; }

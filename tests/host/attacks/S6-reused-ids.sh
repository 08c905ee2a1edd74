# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# S6: a new tenant gets ids that another one has
# mechanism: ranges are given again after removals, cut short creations or a lost list, while files or processes with them exist
# stopped by: ranges are kept with each tenant, chosen under a lock, free only when all of the tenant is gone
# weakened: an allocation written by hand

# shellcheck source=tests/host/attacks/store.sh
. "$here/store.sh"

churn=(attack-churn-1 attack-churn-2 attack-churn-3 attack-churn-4 attack-churn-5)

make() { # NAME...
        local name
        for name; do
                tenant "$name" Image="$tiny_image" && prepare "$name" || broken "$name is not created"
                tenantctl --quiet start "$name" || broken "$name does not start"
        done
}

prepare() { :; }

# FIRST LAST NAME of every running tenant's map, as the kernel has it.
ranges() {
        local init name
        for init in /run/tenantd/*/init; do
                name=${init%/init}
                awk -v name="${name##*/}" '{ print $2, $2 + $3 - 1, name }' "/proc/$(<"$init")/uid_map" "/proc/$(<"$init")/gid_map"
        done | sort -u | sort -n
}

meeting() { ranges | awk 'NR > 1 && $1 <= last { print name, "and", $3 } { last = $2; name = $3 }'; }

# Files of others than the range's tenant.
foreign_files() {
        local first last name
        while read -r first last name; do
                find /var/lib/tenantd/storage/volumes/*/upper ! -path "*/volumes/$name/*" -uid +"$((first - 1))" ! -uid +"$last" -printf "%p of $name\n"
        done < <(ranges)
}

all_apart() {
        local found
        found=$(meeting; foreign_files)
        [[ -z $found ]] || breached "ids in common: ${found%%$'\n'*}"
}

attack() {
        tiny_image "$tiny_image" || broken "no image"
        make "${churn[@]:0:3}"
        all_apart
        # A hole of one range, and one for two of them.
        tenants_end "${churn[1]}"
        make "${churn[3]}"
        all_apart
        tenants_end "${churn[0]}" "${churn[3]}"
        make "${churn[1]}" "${churn[0]}"
        all_apart
        # A creation cut short.
        agent_mortal
        tenantctl --quiet create "${churn[3]}" Image="$tiny_image" Profile=plain &
        agent_kill_when "/var/lib/tenantd/tenants/${churn[3]}"
        wait "$!"
        make "${churn[4]}"
        tenantctl --quiet list >/dev/null
        make "${churn[3]}"
        all_apart
        stopped "$(ranges | wc -l) ranges, after removals, creations and one cut short: all apart"
}

weaken() {
        prepare() {
                local base
                base=$(id_base_of "$victim")
                sed -i "s/^IdBase=.*/IdBase=$base/" "/var/lib/tenantd/tenants/$1/allocation"
                chown -Rh "$base:$base" "/var/lib/tenantd/storage/volumes/$1"
        }
}

cleanup() {
        tenants_end "${churn[@]}" 2>/dev/null
        tenantctl --quiet image remove "$tiny_image"
}

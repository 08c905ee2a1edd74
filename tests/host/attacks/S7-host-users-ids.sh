# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# S7: a user of the host whom /etc/subuid gives ids becomes the root of a tenant with them
# mechanism: newuidmap(1) lets him have every id of his lines; a tenant whose range they cover is his
# stopped by: no tenant gets ids of a line of /etc/subuid or /etc/subgid; doctor tells of a line that came later
# weakened: the agent does not see /etc/subuid and /etc/subgid

# shellcheck source=tests/host/attacks/store.sh
. "$here/store.sh"

eve=4242
prey=attack-prey
saved=/run/test-host/attack-users

# The ids that the next tenant would get are hers.
give_ids() {
        local base
        tenant "$prey" Image="$tiny_image" && base=$(id_base_of "$prey") && tenantctl --quiet remove "$prey" || return
        echo "eve:x:$eve:$eve::/:/bin/sh" >>/etc/passwd
        echo "eve:$base:65536" | tee -a /etc/subuid >>/etc/subgid
        eve_base=$base
}

as_eve() { on_host_as "$eve" unshare --user --map-users="$eve_base,0,65536" --map-groups="$eve_base,0,65536" --setuid 0 --setgid 0 "$@" 2>&1; }

doctor_says() { tenantctl doctor | grep -q "tenant '$prey' has them"; }

attack() {
        local said
        mkdir -p "$saved"
        cp -p /etc/{passwd,subuid,subgid} "$saved"
        tiny_image "$tiny_image" && give_ids || broken "no ids to give away"
        tenant "$prey" Image="$tiny_image" && tenantctl --quiet start "$prey" || broken "no tenant"
        [[ $(as_eve id -u) == 0 ]] || broken "eve cannot use her ids: $(as_eve id -u)"
        said=$(as_eve /bin/kill -CONT "$(tenant_init "$prey")") && breached "she signals the tenant's init"
        [[ $said == *"Operation not permitted" ]] || broken "$said"
        [[ $(id_base_of "$prey") -ge $((eve_base + 65536)) ]] || broken "a range that she has: $(id_base_of "$prey")"
        ! doctor_says || broken "doctor is wrong"
        sed -i "s/^eve:.*/eve:$(id_base_of "$prey"):65536/" /etc/subuid
        doctor_says || broken "doctor does not say that she was given the tenant's ids since"
        stopped "the tenant got others (kill: ${said##*: }); doctor tells of a line that came later"
}

weaken() {
        mkdir -p "${agent_drop_in%/*}"
        : >/run/test-host/no-ids
        printf '[Service]\nBindReadOnlyPaths=/run/test-host/no-ids:/etc/subuid /run/test-host/no-ids:/etc/subgid\n' >"${agent_drop_in%/*}/blind.conf"
        systemctl daemon-reload
        systemctl stop tenantd
}

unweaken() {
        rm -f "${agent_drop_in%/*}/blind.conf"
        systemctl daemon-reload
        systemctl stop tenantd
}

cleanup() {
        tenants_end "$prey"
        tenantctl --quiet image remove "$tiny_image"
        [[ -d $saved ]] || return
        cat "$saved/passwd" >/etc/passwd
        cat "$saved/subuid" >/etc/subuid
        cat "$saved/subgid" >/etc/subgid
        rm -r "$saved"
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# weaken.sh: a real tenant with walls taken away, by the harness and from outside: the program has no switch for it. For a switch
# no-such-wall, three functions, of which the first is needed:
#   weak_no_such_wall_on NAME        takes the wall away: called for a tenant that exists, before it starts, and for one that runs already
#   weak_no_such_wall_off NAME       puts it back; needed where the wall is the host's or all tenants'
#   weak_no_such_wall_settings       prints settings for its creation
# A weak tenant is kept for the next attack with the same switches, and removed when the suite ends. Walls that can be taken away
# while a tenant runs, and put back, are named in weak_live: all who need no others share one tenant, since starts take time.

weak_tenants=()
weak_on=()
weak_live=(suid-store no-seccomp no-apparmor no-module-gate no-audit-filter ldisc-autoload)
# Written by what runs in subshells: names of all weak tenants that were made.
weak_list=/run/test-host/weak-tenants

weak_call() { # SWITCH SUFFIX NAME
        local function=weak_${1//-/_}_$2
        if declare -F "$function" >/dev/null; then
                "$function" "$3"
        else
                [[ $2 != on ]] || { echo "no such switch: $1"; return 2; }
        fi
}

weak_create() { # NAME SWITCH...
        local name=$1 switch settings=("${given_settings[@]}")
        for switch in "${@:2}"; do
                mapfile -t -O "${#settings[@]}" settings < <(weak_call "$switch" settings "$name")
        done
        echo "$name" >>"$weak_list"
        tenant "$name" "${settings[@]}"
}

weak_name() { # SWITCH...
        local switch
        for switch; do
                [[ " ${weak_live[*]} " == *" $switch "* ]] || { (IFS=-; echo "weak-$*"); return; }
        done
        echo weak
}

# weak_tenant SWITCH...: becomes the current place.
weak_tenant() {
        local name switch
        name=$(weak_name "$@")
        if ! grep -qsxF "$name" "$weak_list"; then
                weak_create "$name" "$@" || return 2
        fi
        # What the attack before did to it is no part of this one.
        [[ $name != weak ]] || answers weak || systemctl restart tenant@weak || return 2
        for switch; do
                weak_on+=("$switch" "$name")
                weak_call "$switch" on "$name" || return 2
        done
        active "$name" || systemctl start "tenant@$name" || return 2
        place=$name
}

# What the driver calls after each weakened attack.
weak_restore() {
        local i
        for ((i = ${#weak_on[@]} - 2; i >= 0; i -= 2)); do
                weak_call "${weak_on[i]}" off "${weak_on[i + 1]}"
        done
        weak_on=()
}

weak_end() {
        local names
        [[ -s $weak_list ]] || return 0
        mapfile -t names <"$weak_list"
        tenants_end "${names[@]}"
        rm -f "$weak_list"
}

# --- the switches ----------------------------------------------------------------------------------------------------

# The store as a careless administrator would have it: open to all users, set-id programs and devices count.
weak_suid_store_on() {
        mount -o remount,bind,suid,dev /var/lib/tenantd/storage &&
                chmod 755 /var/lib/tenantd{,/storage,/storage/volumes,/storage/volumes/"$1"}
}

weak_suid_store_off() {
        chmod 700 /var/lib/tenantd{,/storage,/storage/volumes,/storage/volumes/"$1"}
        mount -o remount,bind,nosuid,nodev /var/lib/tenantd/storage
}

# Programs of tenantctl run get the filter from the same file, so it is everybody's until it is put back. One instruction: allow.
seccomp_filters=(/usr/share/tenantd/seccomp{,-packet-sockets}.bpf)
weak_no_seccomp_on() {
        local filter
        printf '\x06\x00\x00\x00\x00\x00\xff\x7f' >/run/test-host/allow-all.bpf
        for filter in "${seccomp_filters[@]}"; do
                mount --bind /run/test-host/allow-all.bpf "$filter" || return
        done
}

weak_no_seccomp_off() { umount "${seccomp_filters[@]}"; }

# Little memory, so that it is soon seen what goes beyond.
weak_small_memory=128 # MiB
weak_small_on() { :; }
weak_small_settings() { echo "MemoryMax=${weak_small_memory}M"; }

# unit_taken UNIT: masked, since the next tenant that starts would bring it back; stopped first, since a masked unit has no ExecStop=.
unit_taken() { systemctl stop "$1" && systemctl mask --quiet --runtime "$1"; }
unit_back() { systemctl unmask --quiet --runtime "$1" && systemctl start "$1"; }

weak_no_module_gate_on() { unit_taken tenantd-modules.service; }
weak_no_module_gate_off() { unit_back tenantd-modules.service; }

weak_no_audit_filter_on() { unit_taken tenantd-audit.service; }
weak_no_audit_filter_off() { unit_back tenantd-audit.service; }

weak_ldisc_autoload_on() { sysctl -qw dev.tty.ldisc_autoload=1; }

weak_ldisc_autoload_off() { sysctl -qw dev.tty.ldisc_autoload=0; }

weak_no_devpolicy_on() {
        mkdir -p "/run/systemd/system/tenant@$1.service.d" &&
                printf '[Service]\nDevicePolicy=auto\nDeviceAllow=\n' >"/run/systemd/system/tenant@$1.service.d/no-devpolicy.conf" &&
                systemctl daemon-reload
}

# tenant-run with other options or variables, from its next start on.
weak_unit() { # NAME FILE LINE...
        mkdir -p "/run/systemd/system/tenant@$1.service.d"
        printf '%s\n' '[Service]' "${@:3}" >"/run/systemd/system/tenant@$1.service.d/$2.conf"
        systemctl daemon-reload
}

# A runner that passes on to systemd what a tenant says, as it is.
weak_naive_notify_on() {
        [[ ! -e /run/systemd/system/tenant@$1.service.d/naive.conf ]] || return 0
        weak_unit "$1" naive "Environment=LD_PRELOAD=$attack_programs/naive-notify.so" FileDescriptorStoreMax=64
}

# A stop that waits for init, however long.
weak_no_stop_limit_on() {
        [[ -e /run/systemd/system/tenant@$1.service.d/limit.conf ]] ||
                weak_unit "$1" limit "ExecStart=" "ExecStart=/usr/libexec/tenantd/tenant-run --stop-time=0 %i" TimeoutStopSec=infinity
}

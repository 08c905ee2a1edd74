# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# X9: has what the host's services have: a secret in the environment, a rank, ignored signals, as init and as a program that enters
# mechanism: what is not taken away at the start of a process is inherited, by every process of the tenant
# stopped by: a fixed list of variables, signals set back, session and limits of its own, for init and for programs of Run
# weakened: entered by nsenter from a service of the host

enter() { in_place "$@"; }
init_lines() { tr -d '\000' <"$(tenant_root "$place")/origin.init"; }

allowed='^environment (PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin|HOME=/root|TERM=(dumb|vt220)|LANG=C.UTF-8|container=tenantd)$
^environment (container_uuid=[0-9a-f-]{36}|NOTIFY_SOCKET=/run/host/notify)$
^descriptor [012] (pipe:.*|/dev/pts/0|/dev/console)$
^directory /$
^Sig(Ign|Blk):	0{16}$
^Seccomp:	2$
^nice 0$
^$'

probe() {
        local lines
        if ! is_raw "$place"; then
                secrets && deaf_init || return 2
                lines=$(init_lines) || return 2
        fi
        lines+=$'\n'$(enter /attacks/origin) || return 2
        if grep -vE "$allowed" <<<"$lines"; then
                return 0
        fi
        echo "$(grep -c . <<<"$lines") things were inherited, all of them meant to be"
        return 1
}

attack() { judged_by probe; }

# In the agent's and the runner's own.
secrets() {
        local unit
        for unit in tenantd.service "tenant@$place.service"; do
                mkdir -p "/run/systemd/system/$unit.d"
                printf '%s\n' '[Service]' Environment=HOST_SECRET=1 IgnoreSIGPIPE=yes >"/run/systemd/system/$unit.d/secret.conf"
        done
        echo Nice=-5 >>/run/systemd/system/tenantd.service.d/secret.conf
        systemctl daemon-reload
        systemctl stop tenantd.service
}

weaken() {
        raw || return 2
        enter() { systemd-run --quiet --pipe --wait --setenv=HOST_SECRET=1 --nice=-5 nsenter -t "$(tenant_init "$place")" -a -r -w -- "$@"; }
}

cleanup() {
        ! is_raw "$place" || return 0
        rm -f /run/systemd/system/{tenantd.service,"tenant@$place.service"}.d/secret.conf
        systemctl daemon-reload
        systemctl stop tenantd.service
        deaf_init_end
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For host tests that use tenants: images and tenants by the product's own commands. Source it after lib.sh.

# image NAME: imports /srv/images/NAME.tar once in this host.
image() {
        tenantctl --quiet image import "$1" "/srv/images/$1.tar" || [[ -e /var/lib/tenantd/images/$1/manifest ]]
}

# tenant NAME KEY=VALUE...: creates it from debian12-minimal without Docker, unless the settings say otherwise.
tenant() {
        local name=$1 settings=("${@:2}")
        [[ " ${settings[*]-} " == *" Image="* ]] || settings+=(Image=debian12-minimal Profile=plain)
        tenantctl --quiet create "$name" "${settings[@]}"
}

# Stops and removes tenants, whatever state a failed test left them in.
tenants_end() {
        local name
        for name; do
                systemctl stop "tenant@$name" 2>/dev/null
                systemctl reset-failed "tenant@$name" 2>/dev/null
                rm -rf "/run/systemd/system/tenant@$name.service.d"
                tenantctl --quiet remove "$name"
        done
        systemctl daemon-reload
}

# The pid of a tenant's init, as the host sees it.
init_of() { cat "/run/tenantd/$1/init"; }

# After a restart that nobody waits for. The unit last: while the former run is released it is still active, and there is no init.
started_anew() { # NAME FORMER-INIT
        local now
        now=$(init_of "$1" 2>/dev/null) && [[ $now && $now != "$2" ]] && active "$1"
}

runner_of() { systemctl show -P MainPID "tenant@$1"; }

# inside NAME COMMAND...: by the kernel's own means, not the product's, so that `run` is not tested by itself.
inside() {
        local pid
        pid=$(init_of "$1") || return
        nsenter -t "$pid" -a -r -w -- "${@:2}"
}

active() { systemctl is-active --quiet "tenant@$1"; }
inactive() { [[ $(systemctl is-active "tenant@$1") == inactive ]]; }
failed() { [[ $(systemctl is-active "tenant@$1") == failed ]]; }

# journal_has FIELD=VALUE...: true when a record with all of them is there.
journal_has() { journalctl --no-pager --quiet --output=cat "$@" | grep -q .; }

# fault NAME STEP [LINE...]: the next start of NAME dies before STEP, or waits there (STEP:wait; tenant-run --fault), by a unit with these
# lines too; without STEP: no more.
fault() {
        local directory=/run/systemd/system/tenant@$1.service.d
        rm -rf "$directory"
        if [[ -n ${2-} ]]; then
                mkdir -p "$directory"
                printf '%s\n' '[Service]' ExecStart= "ExecStart=/usr/libexec/tenantd/tenant-run --fault=$2 %i" "${@:3}" >"$directory/fault.conf"
        fi
        systemctl daemon-reload
        systemctl reset-failed "tenant@$1" 2>/dev/null || true
}

# error_of VERB ARGUMENT...: the name of the error with which tenantctl fails, its text on standard error; "done" if it does not.
error_of() {
        local answer
        answer=$(tenantctl --json "$@" 2>&1 >/dev/null </dev/null) && { echo "done"; return; }
        echo "$answer" >&2
        jq -r '.error.name' <<<"$answer" 2>/dev/null | tail -n 1
}

# message_of VERB ARGUMENT...: the text of that error, for people.
message_of() { tenantctl --json "$@" 2>&1 >/dev/null </dev/null | jq -r '.error.message' 2>/dev/null | tail -n 1; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# X9: reads a key of the host's
# mechanism: keyrings are inherited, and who possesses one may read what is in it, whatever its user
# stopped by: programs that enter, and init, join a session of the tenant's own first
# weakened: entered by nsenter from a service of the host, which has a session keyring

enter() { in_place "$@"; }

probe() {
        local lines keys
        lines=$(enter /attacks/origin) || return 2
        keys=$(grep '^key ' <<<"$lines")
        echo "${keys:-no keys but its own}"
        [[ $keys == *invocation_id* ]]
}

attack() { judged_by probe; }

weaken() {
        raw || return 2
        enter() { systemd-run --quiet --pipe --wait nsenter -t "$(tenant_init "$place")" -a -r -w -- "$@"; }
}

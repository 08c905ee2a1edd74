# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D5: takes all ports that connections to one service can leave by
# mechanism: all tenants leave by the host's address, so towards one port of one address (a name server, a registry) they share its ports; when they are used up nobody's new connections get there
# stopped by: a bound for each tenant, port and address in table inet tenantd (sets towards and full_towards), far below the ports that there are
# weakened: no bound (chain from_tenant flushed)
# needs: native neighbour

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

reaches() { timeout 2 "$@" bash -c "exec 3<>/dev/tcp/$laptop_address/7700" 2>/dev/null; }

# A few are free in between, as long as nobody looks for them long enough.
all_reach() {
        local i
        for i in 1 2 3; do
                reaches env || { echo "the host: not at its try $i"; return 1; }
                reaches nsenter -t "$(tenant_init "$victim")" -n || { echo "the neighbour: not at its try $i"; return 1; }
        done
}

attack() {
        local opened said
        laptop "$attack_programs/flows" accept >"$heard" 2>&1 &
        hearer
        wait_for 5 grep -q ready "$heard" || broken "no accomplice"
        all_reach || broken "nobody gets through before"
        opened=$(in_place_timeout=300 in_place /attacks/flows open "$laptop_address" 17000 1)
        echo "$opened"
        said=$(all_reach) || breached "$opened; $said"
        opened=${opened%% *}
        ((opened > 500)) || broken "only $opened connections"
        ((opened < 4000)) || breached "$opened connections to one port"
        stopped "$opened connections to one port, and others get through"
}

weaken() { weak_tenant no-forward-filter; }

cleanup() {
        hearers_end
        "$attack_programs/flows" forget
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D5: fills the host's table of connections
# mechanism: every connection takes an entry (nf_conntrack_max for all, no cgroup counts them); with an accomplice outside they stay for days, and no new ones begin
# stopped by: a bound for each tenant in table inet tenantd (sets flows and full), far below the host's
# weakened: no bound (chain from_tenant flushed)
# needs: native neighbour

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

connections() { cat /proc/sys/net/netfilter/nf_conntrack_count; }

# In a container host the size of the table is the machine's, and is taken as it is: 250 thousand connections and 20 seconds.
attack() {
        local table
        table=$(</proc/sys/net/netfilter/nf_conntrack_max)
        laptop "$attack_programs/flows" accept >"$heard" 2>&1 &
        hearer
        wait_for 5 grep -q ready "$heard" || broken "no accomplice"
        in_place_timeout=300 in_place /attacks/flows open "$laptop_address" "$((table + 1000))" 512
        victim_answers || breached "$(connections) connections of $table: the neighbour's customers do not get through"
        (($(connections) > 10000)) || broken "only $(connections) connections"
        (($(connections) < 25000)) || breached "$(connections) connections of $table"
        stopped "$(connections) connections of $table, and the neighbour answers"
}

weaken() { weak_tenant no-forward-filter; }

cleanup() {
        hearers_end
        "$attack_programs/flows" forget
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D5: fills the host's table of connections
# mechanism: every packet of a new connection takes an entry (nf_conntrack_max for all, no cgroup counts them); when it is full, nobody's connections begin
# stopped by: a bound for each tenant in table inet tenantd (sets flows and full), far below the host's
# weakened: no bound (chain from_tenant flushed)
# needs: neighbour

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"
# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

connections() { cat /proc/sys/net/netfilter/nf_conntrack_count; }

# In a container host the number is the machine's and is taken as it is; and what took long to come must not go meanwhile.
attack() {
        local table
        ! has kernel || sysctl_for_now net.netfilter.nf_conntrack_max 100000
        sysctl_for_now net.netfilter.nf_conntrack_udp_timeout 600
        table=$(</proc/sys/net/netfilter/nf_conntrack_max)
        in_place_timeout=300 in_place /attacks/flows "$laptop_address" "$((table + 20000))" || broken "no connections"
        victim_answers || breached "$(connections) connections of $table: the neighbour's customers do not get through"
        (($(connections) > 60000)) || broken "only $(connections) connections"
        stopped "$(connections) connections of $table, and the neighbour answers"
}

weaken() { weak_tenant no-forward-filter; }

cleanup() {
        noise_end
        sysctls_back
        flush_connections
}

# They would go by themselves, but the next attack counts them.
flush_connections() {
        sysctl -qw net.netfilter.nf_conntrack_udp_timeout=1
        wait_for 20 few_connections
        sysctl -qw net.netfilter.nf_conntrack_udp_timeout=30
}
few_connections() { (($(connections) < 5000)); }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N9: gets what a client sends to the victim's published port
# mechanism: a connection to the client from a port of that number: if it keeps the number on its way out, what the client sends there is its answer
# stopped by: tenants' connections leave by ports from 49152 on, of which none is published (chain hide)
# weakened: connections keep their port where it is free
# needs: neighbour

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

attack() {
        # The client's port: an attacker opens one connection to each that it may have.
        local client_port=5601
        publish udp 7200 7201 || broken "not published"
        tell_port=7200 tell "$laptop_address:$client_port" answer-me nsenter -t "$(tenant_init "$place")" -n
        hear 0.0.0.0 7200 nsenter -t "$(tenant_init "$place")" -n
        settle "$(tenant_address "$place"):7200"
        tell_port=$client_port tell "$host_address:7200" secret laptop
        settle "$(tenant_address "$place"):7200"
        ! came secret || breached "it hears what was sent to the victim's port"
        hearers_end
        hear 0.0.0.0 7201 nsenter -t "$(tenant_init "$victim")" -n
        tell_port=$client_port settle "$host_address:7200" laptop
        stopped "the client reaches the victim at $host_address:7200"
}

weaken() { weak_tenant kept-ports; }

cleanup() {
        hearers_end
        unpublish udp 7200
        "$attack_programs/flows" forget
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N2: ends a connection between the victim and its customer by an ICMP error
# mechanism: an error names the connection that it is about; a filter that accepts what is "related" lets anybody name anybody's
# stopped by: an error passes only from the tenant whose connection it names (from_tenant: ct original and reply source in set source)
# weakened: related is accepted
# needs: neighbour

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

# The customer's connected socket, from port 4600, by the published port; prints the first error that it gets, or "silence".
customer() {
        laptop perl -MSocket -e '
                $| = 1;
                socket(my $s, PF_INET, SOCK_DGRAM, 0) or die $!;
                bind($s, sockaddr_in(4600, INADDR_ANY)) or die $!;
                connect($s, sockaddr_in(7100, inet_aton($ARGV[0]))) or die $!;
                send($s, "hello", 0) or die $!;
                print "open\n";
                my $seen = "";
                vec($seen, fileno($s), 1) = 1;
                select($seen, undef, undef, $ARGV[1]);
                $! = unpack("i", getsockopt($s, SOL_SOCKET, SO_ERROR));
                print $! ? "error: $!\n" : "silence\n";' "$host_address" "$1" >"$heard.customer"
}

attack() {
        publish udp 7100 7100 || broken "not published"
        hear 0.0.0.0 7100 nsenter -t "$(tenant_init "$victim")" -n
        settle "$victim_address:7100"
        customer "$((3 * time_scale))" &
        hearer
        wait_for 3 came hello || broken "the customer does not reach the victim"
        # "Port unreachable", to the customer, about his packet.
        inject error "$(tenant_address "$place")" "$laptop_address" 3 "$laptop_address:4600" "$victim_address:7100"
        wait_for 5 grep -E 'error|silence' "$heard.customer" || broken "the customer did not end"
        ! grep -q '^error' "$heard.customer" || breached "the customer got $(grep '^error' "$heard.customer")"
        stopped "the customer's connection stays open"
}

weaken() { weak_tenant believed-errors; }

cleanup() {
        hearers_end
        rm -f "$heard.customer"
        unpublish udp 7100
}

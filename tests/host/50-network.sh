#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The network's walls and doors: tenant to tenant, to the host, to the outside and back, forged addresses. The attacker is the
# host's root in the tenant's network namespace, who may more there than the tenant's own root. Each "cannot" has a twin that
# can, on the same listener, so that it is not just somebody who is not there.
# timeout: 120
# shellcheck source=tests/lib/lib.sh
. /src/tests/lib/lib.sh
# shellcheck source=tests/lib/tenant.sh
. /src/tests/lib/tenant.sh

host=192.0.2.10 gateway=169.254.1.1
heard=/run/test-host/heard
listeners=()

laptop() { ip netns exec internet "$@"; }
net() { nsenter -t "$(init_of "$1")" -n -- "${@:2}"; } # NAME COMMAND...: a program of the host in the tenant's network
fetch() { "${@:2}" curl -sf --max-time 2 -o /dev/null "http://$1/10-image.sh"; } # ADDRESS:PORT [IN...]
pings() { "${@:2}" ping -c 1 -W 1 "$1"; } # ADDRESS [IN...]

# say ADDRESS:PORT WORD [IN...]: one UDP packet, from the address $source and port $source_port if there is one.
say() {
        "${@:3}" perl -MSocket -e '
                my ($to, $word, $from, $from_port) = @ARGV;
                my ($address, $port) = split /:/, $to;
                socket(my $s, PF_INET, SOCK_DGRAM, 0) or die $!;
                bind($s, sockaddr_in($from_port, inet_aton($from))) or die $!;
                send($s, $word, 0, sockaddr_in($port, inet_aton($address))) or print "not sent: $!\n";' \
                "$1" "$2" "${source:-0.0.0.0}" "${source_port:-0}"
}

# serve ADDRESS:PORT [IN...]: HTTP until the test ends.
serve() {
        "${@:2}" busybox httpd -f -p "$1" -h /src/tests/host &
        listeners+=($!)
}

# listen ADDRESS PORT [IN...]: every UDP packet's text into $heard.
listen() {
        : >"$heard"
        "${@:3}" perl -MSocket -e '
                $| = 1;
                socket(my $s, PF_INET, SOCK_DGRAM, 0) or die $!;
                bind($s, sockaddr_in($ARGV[1], inet_aton($ARGV[0]))) or die $!;
                while (my $from = recv($s, my $text, 100, 0)) {
                        my (undef, $address) = sockaddr_in($from);
                        chomp $text;
                        print inet_ntoa($address), " $text\n";
                }' "$1" "$2" >"$heard" &
        listeners+=($!)
}

# said_until WORD COMMAND...: COMMAND, which sends WORD, is repeated until it is heard.
said_until() {
        local _
        for _ in 1 2 3 4 5; do
                "${@:2}"
                wait_for 1 grep -q "$1" "$heard" && return 0
        done
        return 1
}

# Each is the program, or a shell whose only child it is.
end_listeners() {
        local pid
        for pid in "${listeners[@]}"; do
                pkill -P "$pid" || kill "$pid"
        done
        wait "${listeners[@]}" 2>/dev/null
        listeners=()
}

# forge NAME SOURCE DESTINATION:PORT WORD: a UDP packet with a source that is not the tenant's.
forge() {
        net "$1" ip address add "$2/32" dev lo
        source=$2 say "$3" "$4" net "$1"
        net "$1" ip address delete "$2/32" dev lo
}

sysctl -qw net.ipv4.ip_forward=1
ok "an image" image debian12-minimal
census_start
tenant one Publish=8081:8000
tenant two Publish=8082:8000
ok "two tenants" systemctl start tenant@one tenant@two
one=$(tenantctl --quiet show one --property=Address)
two=$(tenantctl --quiet show two --property=Address)
ok "with an address each" test -n "$one" -a -n "$two" -a "$one" != "$two"
ok "and no layer 2 in common" test "$(net one ip -4 -o address show dev eth0 | awk '{ print $4 }')" = "$one/32"

# Tenant to tenant
serve 0.0.0.0:8000 net two
ok "a server in two answers the host" wait_for 5 fetch "$two:8000"
not_ok "not one: TCP" fetch "$two:8000" net one
ok "ping from the host" pings "$two"
not_ok "not from one: ICMP" pings "$two" net one
listen 0.0.0.0 9000 net two
ok "UDP from the host" said_until from-host say "$two:9000" from-host
say "$two:9000" from-one net one
ok "and again" said_until later say "$two:9000" later
not_ok "not from one" grep from-one "$heard"
not_ok "not by a route of one's own making" bash -c "$(declare -f net init_of fetch); net one ip route replace $two via $gateway dev eth0 onlink && fetch $two:8000 net one"

# Published ports
ok "published: from outside" wait_for 5 fetch "$host:8082" laptop
ok "published: from the host" fetch "$host:8082"
not_ok "not from another tenant, who would go round by it" fetch "$host:8082" net one
not_ok "nor by the gateway's address" fetch "$gateway:8082" net one
not_ok "what is not published is not reached" fetch "$two:8000" laptop
ok "with a route to it, neither" laptop ip route add 100.80.0.0/16 via "$host"
not_ok "(tried)" fetch "$two:8000" laptop
laptop ip route delete 100.80.0.0/16
ok "taken back in the running tenant" tenantctl --quiet set two Publish=
not_ok "closed" fetch "$host:8082" laptop
ok "given again, another" tenantctl --quiet set two Publish=8083:8000
ok "open" wait_for 5 fetch "$host:8083" laptop
end_listeners

# Tenant to host
serve 0.0.0.0:7777
ok "a service of the host, from outside" wait_for 5 fetch "$host:7777" laptop
# The host's 127.0.0.1, which takes a packet that no tenant's kernel makes: attack N5-loopback.
for address in "$host" "$gateway"; do
        not_ok "not from a tenant at $address" fetch "$address:7777" net one
done
end_listeners
listen 0.0.0.0 7778
ok "UDP from outside" said_until from-outside say "$host:7778" from-outside laptop
say "$host:7778" from-one net one
say "$gateway:7778" from-one net one
ok "and again" said_until later say "$host:7778" later laptop
not_ok "not from a tenant" grep from-one "$heard"
end_listeners
ok "ping of the gateway works" pings "$gateway" net one

# To the outside, and who it is there
listen 192.0.2.1 5555 laptop
ok "out" said_until from-one say 192.0.2.1:5555 from-one net one
is "$(awk '/from-one/ { print $1; exit }' "$heard")" "$host" "as the host's address"
forge one "$two" 192.0.2.1:5555 forged-two
forge one 192.0.2.77 192.0.2.1:5555 forged-outside
forge one 10.1.2.3 192.0.2.1:5555 forged-private
ok "still out" said_until again say 192.0.2.1:5555 again net one
not_ok "nothing forged came out" grep forged "$heard"
end_listeners

# What a removed tenant's clients send is not for the next one, who gets its address.
tenant former Publish=udp:8090:9000
ok "a tenant with a client" systemctl start tenant@former
former=$(tenantctl --quiet show former --property=Address)
listen 0.0.0.0 9000 net former
source_port=5601
ok "who sends" said_until to-former say "$host:8090" to-former laptop
end_listeners
ok "removed" bash -c "systemctl stop tenant@former && tenantctl --quiet remove former"
tenant latter
ok "another" systemctl start tenant@latter
is "$(tenantctl --quiet show latter --property=Address)" "$former" "has its address"
listen 0.0.0.0 9000 net latter
say "$host:8090" still-to-former laptop
source_port=
ok "hears the host" said_until from-host say "$former:9000" from-host
not_ok "not the client" grep still-to-former "$heard"
end_listeners
ok "stopped and removed" bash -c "systemctl stop tenant@latter && tenantctl --quiet remove latter"

# How much of it
udp_came() { laptop awk '/^Udp: [0-9]/ { print $2 + $3 }' /proc/net/snmp; } # to a port that somebody has, or nobody
spray() { # NAME: 3000 packets, and how many of them came
        local before
        before=$(udp_came)
        net "$1" perl -MSocket -e '
                socket(my $s, PF_INET, SOCK_DGRAM, 0) or die $!;
                send($s, "x" x 100, 0, sockaddr_in(5556, inet_aton("192.0.2.1"))) for 1 .. 3000;'
        said_until "sprayed-$before" say 192.0.2.1:5555 "sprayed-$before" net two || return
        echo "$(($(udp_came) - before)) came"
}
comes() { came=$(spray "$1") && echo "$came" && [[ ${came%% *} -ge $2 && ${came%% *} -le $3 ]]; } # NAME AT-LEAST AT-MOST
listen 192.0.2.1 5555 laptop
ok "a burst of packets passes" comes one 3000 3100
ok "fewer, while it runs" tenantctl --quiet set one EgressPackets=200
ok "what is over is dropped" comes one 20 1000
ok "another's pass" comes two 3000 3100
ok "by bytes" tenantctl --quiet set one EgressPackets= Egress=500K
ok "what is over is dropped" comes one 1000 2500
ok "no limit again" tenantctl --quiet set one Egress=
ok "all pass" comes one 3000 3100
ok "but for the one that each has by default" grep -q "tn.*over 100000/second" <(nft list set inet tenantd egress_packets)
is "$(error_of set one Egress=1)" InvalidSetting "an impossible one is refused"
end_listeners

# Somebody flushed the ruleset: the next start brings it back for all.
nft flush ruleset
ok "after a flush another tenant starts" tenant three
ok "(start)" systemctl start tenant@three
serve 0.0.0.0:8000 net two
ok "published ports are back" wait_for 5 fetch "$host:8083" laptop
not_ok "walls are back" fetch "$two:8000" net one
not_ok "for the new one too" fetch "$two:8000" net three
end_listeners

# ... and so does any call of the agent, whatever is called, and whether or not it runs already
walled() { nft list chain inet tenantd forward 2>/dev/null | grep -q .; }
elements() { census_elements | sort; }
has_elements() { [[ $(elements) == "$1" ]]; }
before=$(elements)
nft flush ruleset
ok "flushed; the agent is asked for a list" tenantctl list
ok "the table is back" wait_for 10 walled
ok "with all that was in it" wait_for 10 has_elements "$before"
ok "and it is in the journal" wait_for 5 journal_has MESSAGE_ID=e4a1c07d92b84c3fb6150f8d3c7a29be
systemctl stop tenantd
nft flush table inet tenantd # the rules only
ok "emptied, without an agent; the next one sees it" tenantctl list
ok "the rules are back" wait_for 10 walled
serve 0.0.0.0:8000 net two
ok "published ports too" wait_for 10 fetch "$host:8083" laptop
end_listeners
# The host's own service flushes each time it loads its rules.
systemctl stop tenantd
printf '#!/usr/sbin/nft -f\nflush ruleset\n' >/etc/nftables.conf
ok "nftables.service starts" systemctl restart nftables
ok "nobody else calls: the table is back" wait_for 10 walled
systemctl stop tenantd
ok "and reloads" systemctl reload nftables
ok "the table is back again" wait_for 10 walled
ok "with all that was in it" wait_for 10 has_elements "$before"
# What a recovery collects is nobody's: no element of a tenant that runs goes, not even for a moment.
stdbuf -oL nft monitor elements >/run/test-host/monitor 2>&1 &
monitor=$!
nobodys() { nft "$1" element inet tenantd source '{ tn9999 . 100.80.77.77 }'; }
monitored() {
        nobodys delete
        nobodys add
        grep -q 'add.*tn9999' /run/test-host/monitor
}
ok "(the monitor sees)" wait_for 5 monitored
systemctl kill --signal=KILL tenantd
collected() { ! nft list set inet tenantd source | grep -q tn9999; }
tenantctl list >/dev/null
ok "after a crash what is nobody's is collected" wait_for 10 collected
ok "nothing else" bash -c '! grep "^delete" /run/test-host/monitor | grep -v tn9999'
kill $monitor
wait $monitor 2>/dev/null
rm -f /run/test-host/monitor
serve 0.0.0.0:8000 net two
ok "and two serves" wait_for 5 fetch "$host:8083" laptop
end_listeners

# What was written to who does not read keeps the namespace, and so the link, after whoever wrote it.
laptop perl -MSocket -e '
        socket(my $s, PF_INET, SOCK_STREAM, 0) or die $!;
        bind($s, sockaddr_in(9900, INADDR_ANY)) or die $!;
        listen($s, 1) or die $!;
        sleep 600;' &
listeners+=($!)
write_unread() {
        net one perl -MSocket -MFcntl -e '
                socket(my $s, PF_INET, SOCK_STREAM, 0) or die $!;
                connect($s, sockaddr_in(9900, inet_aton($ARGV[0]))) or die $!;
                fcntl($s, F_SETFL, O_NONBLOCK) or die $!;
                1 while syswrite($s, "x" x 65536);' 192.0.2.1
}
ok "one writes more than is read" wait_for 5 write_unread
rm -f "$heard"
ok "stop" systemctl stop tenant@one tenant@two tenant@three
links() { census_links | wc -l; }
only_one() { [[ $(links) -eq 1 ]]; }
ok "a link is left" wait_for 5 only_one
ok "remove" tenantctl --quiet remove one two three
is "$(links)" 0 "and goes with the tenant"
ok "nothing is left" census_clean
end_listeners

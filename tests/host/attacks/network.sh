# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# network.sh: for attacks by network; an attack sources it itself. Who hears what, and switches of weak tenants for single walls of
# table inet tenantd (lib.sh and weaken.sh say how they are used). Refuses to take silence for a wall: before "nothing came" counts,
# something that is allowed has to have come the same way.

host_address=192.0.2.10 laptop_address=192.0.2.1 gateway=169.254.1.1
heard=/run/test-host/heard
hearers=()
settled=0

laptop() { ip netns exec internet "$@"; }

# The host's end of a tenant's link, and its hardware address.
link_of() { ip -4 neigh show nud permanent to "$(tenant_address "$1")" | sed -n 's/.* dev \(tn[0-9]*\) .*/\1/p'; }
link_mac() { cat "/sys/class/net/$(link_of "$1")/address"; }
# The tenant's end has the same number.
tenant_mac() { link_mac "$1" | sed 's/^0e/0a/'; }

# inject KIND ARGUMENT...: by the place's own link, to the host.
inject() { in_place /attacks/inject eth0 "$(link_mac "$place")" "$@" || broken "not sent"; }

# What was just started ends with the attack.
hearer() {
        hearers+=($!)
        disown
}

# hear ADDRESS PORT [IN...]: every UDP packet's sender and text into $heard.
hear() {
        : >"$heard"
        "${@:3}" perl -MSocket -e '
                $| = 1;
                socket(my $s, PF_INET, SOCK_DGRAM, 0) or die $!;
                setsockopt($s, SOL_SOCKET, SO_BROADCAST, 1);
                bind($s, sockaddr_in($ARGV[1], inet_aton($ARGV[0]))) or die $!;
                while (my $from = recv($s, my $text, 2000, 0)) {
                        my ($port, $address) = sockaddr_in($from);
                        $text =~ s/[^ -~]+/./g;
                        print inet_ntoa($address), ":$port $text\n";
                }' "$1" "$2" >"$heard" 2>"$heard.errors" &
        hearer
}

# tell ADDRESS:PORT WORD [IN...]: one UDP packet from any port, or from $tell_port.
tell() {
        "${@:3}" perl -MSocket -e '
                my ($address, $port) = split /:/, $ARGV[0];
                socket(my $s, PF_INET, SOCK_DGRAM, 0) or die $!;
                setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
                bind($s, sockaddr_in($ARGV[2], INADDR_ANY)) or die $!;
                send($s, $ARGV[1], 0, sockaddr_in($port, inet_aton($address)));' "$1" "$2" "${tell_port:-0}"
}

# settle ADDRESS:PORT [IN...]: what was sent before this is heard by now, or will never be.
settle() {
        local word _
        settled=$((settled + 1))
        word=settled-$settled
        for _ in 1 2 3 4 5 6 7 8 9 10; do
                tell "$1" "$word" "${@:2}"
                ! wait_for 1 grep -q "$word" "$heard" || return 0
        done
        broken "nobody hears at $1: $(<"$heard.errors")"
}

# Was WORD heard? To be asked after settle.
came() { grep -m 1 "$1" "$heard"; }

# serve_http ADDRESS:PORT [IN...]: until the attack ends.
serve_http() {
        "${@:2}" busybox httpd -f -p "$1" -h /src/tests/host 2>"$heard.errors" &
        hearer
}

fetch() { "${@:2}" curl -sf --max-time 2 -o /dev/null "http://$1/run-suite"; } # ADDRESS:PORT [IN...]

# Each is the program, or a shell whose only child it is; some have ended.
hearers_end() {
        local pid
        for pid in "${hearers[@]}"; do
                pkill -P "$pid" || kill "$pid" 2>/dev/null
                wait_for 2 raw_gone "$pid"
        done
        hearers=()
        rm -f "$heard" "$heard.errors"
}

# publish PROTOCOL PORT TENANT-PORT: the victim's, as `tenantctl set victim Publish=` does it, but for the definition.
publish() { nft add element inet tenantd "publish_$1" "{ $2 : $victim_address . $3 }"; }
unpublish() { nft delete element inet tenantd "publish_$1" "{ $2 }"; }

cleanup() { hearers_end; }

counter() { cat "/sys/class/net/$1/statistics/$2"; } # LINK NAME

# rate_attack LINK COUNTER RATE BUCKET COMMAND...: does COMMAND, two seconds of a flood, get more through than RATE a second, and what may
# come at once? Its time is taken at its longest.
rate_attack() {
        local before begun=${EPOCHREALTIME/[.,]/} passed allowed unit=${2#tx_}
        before=$(counter "$1" "$2")
        "${@:5}" >/dev/null || broken "no flood (status $?)"
        passed=$(($(counter "$1" "$2") - before))
        allowed=$((($3 * (${EPOCHREALTIME/[.,]/} - begun) / 1000000 + $4) * 11 / 10))
        ((passed <= allowed)) || breached "$passed $unit passed, where $allowed would be allowed"
        ((passed > $4 / 2)) || broken "only $passed $unit passed"
        stopped "$passed $unit passed, of $allowed that are allowed"
}

# --- switches --------------------------------------------------------------------------------------------------------

weak_live+=(no-rates no-source-check no-forward-filter no-input-filter hairpin believed-errors kept-ports ipv6 bridged)

# What is taken away is what the start makes, so it has to have started.
weak_started() {
        active "$1" || systemctl start "tenant@$1"
}

filters_again() { nft -f /usr/share/tenantd/tenantd.nft; }

# As much as goes.
weak_no_rates_on() { tenantctl --quiet set "$1" EgressPackets=infinity IngressPackets=infinity; }
weak_no_rates_off() { tenantctl --quiet set "$1" EgressPackets= IngressPackets=; }

# Any source address is let in.
weak_no_source_check_on() {
        weak_started "$1" && nft flush chain inet tenantd spoof || return
        echo 0 >"/proc/sys/net/ipv4/conf/$(link_of "$1")/rp_filter"
        weak_rp_filter=$(</proc/sys/net/ipv4/conf/all/rp_filter)
        echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
}

weak_no_source_check_off() {
        echo "$weak_rp_filter" >/proc/sys/net/ipv4/conf/all/rp_filter
        echo 1 >"/proc/sys/net/ipv4/conf/$(link_of "$1")/rp_filter"
        filters_again
}

# All is routed that has a route.
weak_no_forward_filter_on() { weak_started "$1" && nft flush chain inet tenantd from_tenant; }
weak_no_forward_filter_off() { filters_again; }

# The host's services listen to tenants.
weak_no_input_filter_on() { weak_started "$1" && nft flush chain inet tenantd input; }
weak_no_input_filter_off() { filters_again; }

# Published ports work from everywhere.
weak_hairpin_on() {
        weak_started "$1" && weak_no_forward_filter_on "$1" || return
        nft -a list chain inet tenantd publish | sed -n 's/.*iifname "tn\*" accept # handle //p' |
                xargs nft delete rule inet tenantd publish handle
}
weak_hairpin_off() { filters_again; }

# Errors count for whichever connection they are about.
weak_believed_errors_on() { weak_started "$1" && nft insert rule inet tenantd from_tenant ct state related accept; }
weak_believed_errors_off() { filters_again; }

# Connections leave by the port that the tenant chose, if nobody else has it.
weak_kept_ports_on() {
        weak_started "$1" && nft flush chain inet tenantd hide &&
                nft add rule inet tenantd hide ip saddr 100.80.0.0/16 oifname != '"tn*"' masquerade
}

weak_kept_ports_off() { filters_again; }

# The host's end speaks IPv6 as interfaces do that nobody configured.
weak_ipv6_on() {
        weak_started "$1" && nft flush chain inet tenantd spoof && nft flush chain inet tenantd input || return
        local link
        link=/proc/sys/net/ipv6/conf/$(link_of "$1")
        echo 0 >"$link/disable_ipv6" && echo 2 >"$link/accept_ra"
}
weak_ipv6_off() {
        echo 1 >"/proc/sys/net/ipv6/conf/$(link_of "$1")/disable_ipv6"
        filters_again
}

# Both tenants on one bridge, as most others do it.
weak_bridged_on() {
        local name
        weak_started "$1" || return
        weak_bridge_members=()
        for name in "$1" "$victim"; do
                weak_bridge_members+=("$(link_of "$name")" "$(tenant_address "$name")")
        done
        set -- "${weak_bridge_members[@]}"
        # Not empty: an agent that finds it so puts all rules back.
        nft flush chain inet tenantd stay && nft add rule inet tenantd stay accept || return
        ip link add br9 type bridge forward_delay 200
        ip link set br9 up
        ip address add "$gateway/32" dev br9
        ip link set "$1" master br9 && ip link set "$3" master br9 || return
        ip route replace "$2" dev br9 src "$gateway" && ip route replace "$4" dev br9 src "$gateway" || return
        wait_for 10 victim_answers
}

weak_bridged_off() {
        set -- "${weak_bridge_members[@]}"
        ip link set "$1" nomaster
        ip link set "$3" nomaster
        ip route replace "$2" dev "$1" proto static scope link
        ip route replace "$4" dev "$3" proto static scope link
        ip link delete br9
        filters_again
}

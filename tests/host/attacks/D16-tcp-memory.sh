# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D16: takes all memory that the kernel lets TCP have
# mechanism: beyond net.ipv4.tcp_mem, one number for all, the kernel drops most of what arrives on anybody's connections: thousands of times slower; by default a tenth of the host's memory
# stopped by: tenantd-sockets.service raises net.ipv4.tcp_mem to half of the host's memory; that of the buffers, which the tenant pays, comes first
# weakened: net.ipv4.tcp_mem as the kernel sets it
# needs: kernel neighbour controllers modules

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"
# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

files=/run/test-host/files

# What the kernel would set, in pages.
own_bound=$(($(getconf _PHYS_PAGES) / 11))

# Far enough away for more to be on its way than one packet.
laptop_is_far() {
        local dev
        modprobe sch_netem || return
        dev=$(ip -n internet -4 -o address show to "$laptop_address" | awk '{ print $2 }')
        tc -n internet qdisc add dev "$dev" root netem delay 5ms && link=$dev
}

serve_file() {
        mkdir -p "$files" && head -c 4000000 /dev/zero >"$files/file"
        laptop busybox httpd -f -p 7800 -h "$files" &
        hearer
}

# How much of the file comes in ten seconds, by the way that leads to IN.
bytes() { "$@" curl -s -o /dev/null --max-time 10 -w '%{size_download}' "http://$laptop_address:7800/file"; } # IN...

all_arrives() {
        local host neighbour
        host=$(bytes env) neighbour=$(bytes nsenter -t "$(tenant_init "$victim")" -n)
        echo "of 4000000 bytes the host gets $host, the neighbour $neighbour"
        [[ $host -eq 4000000 && $neighbour -eq 4000000 ]]
}

taken() { awk '$1 == "TCP:" { print $NF }' /proc/net/sockstat; } # pages

attack() {
        local said pages
        serve_file && laptop_is_far || broken "no file"
        wait_for 5 all_arrives >/dev/null || broken "it does not arrive before"
        bound MemoryMax=1500M
        noise /attacks/exhaust tcp 150 "$((60 * time_scale))"
        wait_for 60 has_all exhaust || broken "it does not come to an end: $(<"$noise_said")"
        pages=$(taken)
        said="$((pages / 256)) MiB are taken; $(all_arrives)" || breached "$said"
        ((pages > own_bound)) || broken "only $said"
        stopped "$said"
}

weaken() { sysctl_for_now net.ipv4.tcp_mem "$((own_bound / 2)) $((own_bound * 3 / 4)) $own_bound"; }

cleanup() {
        noise_end
        bounds_back
        sysctls_back
        hearers_end
        [[ -z ${link-} ]] || tc -n internet qdisc delete dev "$link" root
        modprobe -r sch_netem
        rm -rf "$files"
}

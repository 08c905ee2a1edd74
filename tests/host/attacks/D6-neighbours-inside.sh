# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D6: fills the kernel's one table of neighbours from its own network namespace
# mechanism: gc_thresh3 (1024 by default) is one number for all namespaces; when it is reached, neither the host nor anybody's containers find new neighbours
# stopped by: gc_thresh3 = 1048576; and the host and its tenants know each other by permanent entries, which are not in that number
# weakened: gc_thresh as the kernel has them
# needs: kernel neighbour

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

export EXHAUST_LINK=hog0

with_bridge() { "$@" ip link add hog0 type bridge && "$@" ip link set hog0 up; }
in_victim() { place=$victim in_place "$@"; }
host_has_one() { "$attack_programs/exhaust" "$1" 1 0; }
neighbour_has_one() { in_victim env EXHAUST_LINK=hog0 /attacks/exhaust "$1" 1 0; }

# Entries count for five seconds after they came; so as fast as they go, again and again.
attack() {
        with_bridge in_place && with_bridge in_victim && with_bridge env || broken "no bridges"
        neighbour_has_one neighbours && host_has_one neighbours || broken "there is none to begin with"
        noise env EXHAUST_LINK=hog0 /attacks/exhaust neighbours-on 5000000 0
        wait_for 10 many || broken "it does not come to many: $(ip -s -s ntable show name arp_cache | head -n 3)"
        host_has_one neighbours || breached "no new neighbour for the host"
        neighbour_has_one neighbours || breached "no new neighbour for the tenant next door"
        victim_answers || breached "the victim does not answer"
        stopped "$(entries) entries, and new ones for the neighbour and the host"
}

# In hexadecimal there.
entries() { echo "$((16#$(awk 'NR == 2 { print $1 }' /proc/net/stat/arp_cache)))"; }
enough=1000
many() { (($(entries) > enough)); }

# What is older than five seconds makes room, so there must not be more room than an emulated host fills in these.
weaken() {
        enough=100
        sysctl_for_now net.ipv4.neigh.default.gc_thresh1 16
        sysctl_for_now net.ipv4.neigh.default.gc_thresh2 64
        sysctl_for_now net.ipv4.neigh.default.gc_thresh3 128
}

cleanup() {
        noise_end
        in_place ip link delete hog0
        in_victim ip link delete hog0
        ip link delete hog0
        sysctls_back
}

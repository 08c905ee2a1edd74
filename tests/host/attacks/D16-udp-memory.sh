# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D16: takes all memory that the kernel lets UDP have
# mechanism: beyond net.ipv4.udp_mem, one number for all, the kernel drops what arrives for anybody: no name server answers any more; by default a fifth of the host's memory
# stopped by: tenantd-sockets.service raises net.ipv4.udp_mem to all of the host's memory; that of the buffers, which the tenant pays, comes first
# weakened: net.ipv4.udp_mem as the kernel would set it on a host with half as much memory
# needs: kernel neighbour controllers

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

# Less than the kernel's bound for this host, and more than that for half of it.
attack() { exhaust_attack udp 2600; }

weaken() {
        local pages=$(($(getconf _PHYS_PAGES) / 10))
        sysctl_for_now net.ipv4.udp_mem "$((pages / 2)) $((pages * 3 / 4)) $pages"
}

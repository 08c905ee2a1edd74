# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D16: takes all the room that the kernel has for compiled filters, so that nobody else can have one: no container, service or tenant starts
# mechanism: it is one for all, charged to nobody, and only the host's root may have more (net.core.bpf_jit_limit)
# stopped by: sysctl: net.core.bpf_jit_enable=0, filters are interpreted, and are their owner's memory
# weakened: filters are compiled, and the limit is low
# needs: kernel neighbour

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() { exhaust_attack filters 2000; }

weaken() {
        sysctl_for_now net.core.bpf_jit_enable 1
        sysctl_for_now net.core.bpf_jit_limit 33554432
}

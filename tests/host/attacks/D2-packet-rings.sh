# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D2: fills the host's memory with rings of packet sockets
# mechanism: the kernel gives a ring as large as is asked for, and charges it to no cgroup
# stopped by: seccomp: there are no packet sockets
# weakened: PacketSockets=yes
# needs: kernel controllers

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() {
        becomes_plain
        uncharged_attack packet-rings
}

weaken() { weak_tenant small; }

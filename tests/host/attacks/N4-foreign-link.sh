# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# N4: makes an interface of its own in the host's network namespace
# mechanism: the other end of a veth pair gives the host's namespace a number (link-netnsid), by which interfaces can be asked for there
# stopped by: the kernel asks for CAP_NET_ADMIN in that namespace; root of a user namespace has it in his own only
# weakened: no user namespace

# shellcheck source=tests/host/attacks/network.sh
. "$here/network.sh"

attack() {
        in_place ip -o link || broken "no links" # whoever looks at eth0 makes the kernel number the namespace of its other end
        in_place /attacks/foreign-link || exit
        ip -o link show foreign0 || broken "it says that it made foreign0"
        breached "foreign0 is an interface of the host's"
}

# A link of its own, as a tenant has.
weaken() { raw no-userns && ip link add weak0 type veth peer name eth0 netns "$(tenant_init "$place")"; }

cleanup() { ip link delete foreign0 2>/dev/null; }

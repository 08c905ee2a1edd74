# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K11: talks to the hypervisor's side
# mechanism: AF_VSOCK has no namespaces before kernel 6.19: it reaches the hypervisor of a host that is a virtual machine
# stopped by: the filter: AF_VSOCK is not among a tenant's families
# weakened: no filter
# needs: modules kernel

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

attack() {
        modules_before=$(modules_now)
        modprobe vsock_loopback || broken "no vsock"
        host_offers vsock 4711 || return 2
        in_place /attacks/ipc take vsock 4711
}

weaken() { raw no-seccomp; }

cleanup() {
        host_offers_no_more vsock 4711
        autoload_cleanup
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K12: reads a node of the host's that came into its tree
# mechanism: a bind mount, a backup or a careless operator brings a node with mode 0666 into the tenant
# stopped by: DevicePolicy=closed of tenant@.service: its cgroup opens the devices that a tenant has, and no others
# weakened: DevicePolicy=auto
# needs: kernel

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

# The host's own disk, by a node of its own in /dev, which is not nodev.
attack() {
        local disk
        read -r disk < <(findmnt -n -o MAJ:MIN /) # without the blanks that it pads with
        [[ -e /sys/dev/block/$disk ]] || broken "the root is on no block device: $disk"
        mknod -m 666 /dev/k12-node b "${disk%:*}" "${disk#*:}" || return 2
        graft /dev/k12-node /run/k12 || return 2
        in_place /attacks/nodes open /run/k12
}

weaken() { weak_tenant no-devpolicy; }

cleanup() {
        graft_end /run/k12
        rm -f /dev/k12-node
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K9: reads the kernel's log
# mechanism: one log for all namespaces: addresses, devices, names of interfaces, what other tenants crashed with
# stopped by: the filter: syslog; the files are root's of the host; kernel.dmesg_restrict
# weakened: no user namespace, no filter

attack() {
        local said
        said=$(in_place_sh 'dmesg 2>&1 | grep . | head -n 1')
        [[ $said == *"not permitted" ]] || [[ -z $said ]] || breached "$said"
        said=$(in_place_sh 'head -c 100 /proc/kmsg 2>&1') && breached "/proc/kmsg: $said"
        in_place test -e /dev/kmsg && { said=$(in_place_sh 'timeout 1 head -c 100 /dev/kmsg') && breached "/dev/kmsg: $said"; }
        stopped "${said##*: }"
}

weaken() { raw no-userns no-seccomp; }

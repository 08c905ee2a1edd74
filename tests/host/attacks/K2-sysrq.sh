# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K2: reaches for the keys with which the kernel kills, syncs and reboots
# mechanism: /proc/sysrq-trigger is one for all namespaces
# stopped by: the file is root's of the host, who does not exist in the tenant's user namespace
# weakened: no user namespace
# needs: kernel

# Opened for writing and closed, which presses no key.
attack() {
        local said
        said=$(in_place_sh ': >/proc/sysrq-trigger' 2>&1) && breached "/proc/sysrq-trigger can be written"
        [[ $said == *"Permission denied" ]] || broken "$said"
        stopped "/proc/sysrq-trigger: ${said##*: }"
}

weaken() { raw no-userns; }

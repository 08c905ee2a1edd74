# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K2: makes events of devices, as if the host's hardware had changed
# mechanism: /sys/…/uevent is one for all namespaces; a made-up event lets udev run its rules as root of the host
# stopped by: the file is root's of the host, who does not exist in the tenant's user namespace
# weakened: no user namespace

# The event of a memory device, for which no rule does anything: what happens to it at each boot.
attack() {
        local said
        said=$(in_place_sh 'echo change 2>&1 >/sys/devices/virtual/mem/null/uevent' 2>&1) && breached "an event of /dev/null was made"
        [[ $said == *"Permission denied" ]] || broken "$said"
        stopped "/sys/devices/virtual/mem/null/uevent: ${said##*: }"
}

weaken() { raw no-userns; }

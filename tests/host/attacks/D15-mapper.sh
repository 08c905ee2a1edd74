# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D15: speaks to the device mapper
# mechanism: who may speak to it makes block devices of any part of any other
# stopped by: no node of it in a tenant's /dev, and none can be made
# weakened: no user namespace, the host's /dev
# needs: modules

attack() { in_place /attacks/devices mapper; }

weaken() {
        modprobe dm_mod || return 2
        raw no-userns privileged-dev
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# S6: a process that got out of its pid namespace signals the victim's
# mechanism: tenants with one id range: for the kernel root of one is root of the other, once a flaw shows it the other's processes
# stopped by: no id of a tenant is another's
# weakened: the victim's id range
# needs: neighbour

# The flaw is made by us: a process with the ids of the place's root in the host's pid namespace.
attack() {
        local said init
        init=$(tenant_init "$victim")
        said=$(on_host_as "$(tenant_base "$place")" /bin/kill -CONT "$init" 2>&1) && breached "it signals the victim's init"
        [[ $said == *"Operation not permitted" ]] || broken "$said"
        stopped "kill: ${said##*: }"
}

weaken() { raw common-range; }

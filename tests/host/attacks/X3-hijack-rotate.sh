# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# X3: takes the descriptors of the process that brings new certificates into the tenant, or traces it
# mechanism: it is the agent's own program, held inside by a file system that does not answer where the certificates go
# stopped by: who enters is undumpable and the memory is the host's user namespace's; all that it has open is /dev/null
# weakened: no user namespace, entered by nsenter with the host's /etc open
# needs: docker

# shellcheck source=tests/host/attacks/hijack.sh
. "$here/hijack.sh"

target=/run/tenantd-docker
enter() { tenantctl docker-rotate "$place"; }

probe() { hijack_while "$target" open enter; }

attack() { judged_by probe; }

weaken() {
        raw no-userns || return 2
        enter() { careless "$target/program" 9</etc; }
}

cleanup() {
        background_end fuse
        is_raw "$place" || in_place umount --lazy "$target" # the dead one, above the host's
}

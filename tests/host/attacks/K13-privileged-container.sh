# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K13: breaks out of a container of the tenant's own Docker that has everything Docker can give
# mechanism: --privileged, with the pids, the network and the whole root file system of Docker's host, is that host's root
# stopped by: Docker's host is the tenant: no device node can be made in a user namespace, and the host's settings belong to somebody who does not exist there
# weakened: Docker's host is no tenant
# needs: docker

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

docker_answers() { in_place_may_fail=1 in_place docker version; }

prepare() { wait_for 20 docker_answers && in_place_sh 'tar -C / -cf - attacks/nodes | docker import - k13'; }

# What is root of Docker's host by now.
outside() {
        in_place docker run --rm --privileged --pid=host --network=host --ipc=host --volume=/:/outer k13 /attacks/nodes "$@"
}

attack() {
        local said status=0
        prepare || broken "no Docker"
        said=$(outside make /outer/srv) || status=$?
        echo "$said"
        ((status != 0)) || breached "$said"
        ((status == status_stopped)) || broken "$said"
        write_back /proc/sys/kernel/core_pattern
}

# Without Docker in a raw container: what a container with everything would be in it.
weaken() {
        prepare() { :; }
        outside() { in_place mkdir -p /outer/srv && in_place /attacks/nodes "$@"; }
        raw no-userns
}

cleanup() {
        is_raw "$place" || in_place docker image rm --force k13
        in_place rm -rf /outer
}

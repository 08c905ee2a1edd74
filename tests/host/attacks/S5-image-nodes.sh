# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# S5: opens the host's devices by nodes that came with an imported image
# mechanism: an image's archive has device nodes, and whoever unpacks it is root
# stopped by: images are unpacked in a user namespace without them, and no mount that a tenant sees lets nodes be opened (nodev)
# weakened: unpacked by the host's root, and no user namespace

# shellcheck source=tests/host/attacks/store.sh
. "$here/store.sh"

bearer=attack-bearer

nodes_archive() {
        local directory=/run/test-host/attack-nodes
        mkdir -p "$directory/srv"
        mknod -m 666 "$directory/srv/kmsg" c 1 11
        mknod -m 666 "$directory/srv/mem" c 1 1
        mknod -m 666 "$directory/srv/loop" b 7 0
        cp -p /bin/busybox "$directory/srv/busybox"
        tiny_tar "$directory"
        rm -r "$directory"
}

# By its own program, in a place that has nothing else.
open_node() { in_place /srv/busybox sh -c ": <$1" 2>&1; }

attack() {
        local said
        if is_raw "$place"; then
                nodes_archive | tar -C "$(upper_of "$place")" -x || broken "not unpacked"
        else
                nodes_archive | tenantctl --quiet image import "$tiny_image" - || broken "not imported"
                [[ -z $(find /var/lib/tenantd/images -type b -o -type c) ]] || breached "the store has device nodes"
                tenant "$bearer" Image="$tiny_image" && plant_node && tenantctl --quiet start "$bearer" || broken "no tenant of it"
                place=$bearer
        fi
        said=$(open_node /srv/kmsg) && breached "the host's kernel log can be opened"
        [[ $said == *"can't open /srv/kmsg: no such file" ]] || broken "$said"
        # Were one there all the same.
        said=$(open_node /srv/planted) && breached "a node in the volume can be opened"
        [[ $said == *"Permission denied" ]] || broken "$said"
        stopped "the image has none of its nodes; one in the volume: ${said##*: }"
}

plant_node() {
        local upper base
        upper=$(upper_of "$bearer") && base=$(id_base_of "$bearer") &&
                install -d -o "$base" -g "$base" -m 755 "$upper/srv" && mknod -m 666 "$upper/srv/planted" c 1 11
}

weaken() { raw no-userns; }

cleanup() {
        is_raw "$place" || {
                tenants_end "$bearer"
                tenantctl --quiet image remove "$tiny_image"
        }
}

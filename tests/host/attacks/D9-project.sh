# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D9: takes its files out of the project that is counted (chattr -p, chattr -P)
# mechanism: the owner of a file may change its project and whether children inherit it, and what is of no project is not counted
# stopped by: the kernel lets only the first user namespace change either (fileattr_set_prepare), through the overlay and in Docker's directories
# weakened: no user namespace
# needs: quota

# shellcheck source=tests/host/attacks/disk.sh
. "$here/disk.sh"

# In the root (an overlay), and in what is the host's file system itself.
attack() {
        local directory said status all=''
        for directory in "$fill_directory" "${plain_directory-/var/lib/docker/fill}"; do
                in_place mkdir -p "$directory" || broken "no directory $directory"
                status=0
                said=$(in_place /attacks/fill project "$directory") || status=$?
                echo "$said"
                ((status != 0)) || breached "${said##*$'\n'}"
                ((status == status_stopped)) || broken "$directory"
                all+="${all:+, }$directory: ${said##*$'\n'}"
        done
        stopped "$all"
}

weaken() {
        raw_store=/var/lib/tenantd/attacks
        plain_directory=$fill_directory
        raw no-userns
}

cleanup() {
        in_place rm -rf "$fill_directory" /var/lib/docker/fill
        ! is_raw "$place" || { raws_end; rmdir "$raw_store"; }
}

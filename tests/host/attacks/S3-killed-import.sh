# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# S3: a user of the host runs a set-uid program of an image whose import was cut short by the agent's death
# mechanism: what unpacks makes and mounts its work copy itself, and the flags of the finished store do not hold for it
# stopped by: the work copy is born in the store: below a directory of root's own (0700), nosuid and nodev, ids shifted
# weakened: image store mounted suid, the work copy's directories open to all

# shellcheck source=tests/host/attacks/store.sh
. "$here/store.sh"

archive=/run/test-host/attack-archive
image=attack-import

half_an_archive() {
        local directory=/run/test-host/attack-tree
        mkdir -p "$directory/bin"
        install -m 6755 "$attack_programs/euid" "$directory/bin/shell"
        head -c 4M /dev/urandom >"$directory/filler"
        tar -C "$directory" -c bin/shell filler | head -c 3M
        rm -r "$directory"
}

work_copy() { find /var/lib/tenantd/images -path '*/bin/shell' -perm /4000; }
has_work_copy() { [[ -n $(work_copy) ]]; }
has_no_work_copy() { [[ -z $(work_copy) ]]; }

# The archive's other end stays open: the import waits for the rest.
attack() {
        local file
        agent_mortal
        mkfifo "$archive"
        tenantctl --quiet image import "$image" - <"$archive" &
        exec 3>"$archive"
        half_an_archive >&3
        wait_for 10 has_work_copy || broken "nothing is unpacked"
        file=$(work_copy)
        careless "$file"
        judge_file "$file"
        agent_kill
        exec 3>&-
        ! wait "$!" || broken "the import outlived the agent"
        judge_file "$file"
        tenantctl list >/dev/null || broken "no agent"
        wait_for 20 has_no_work_copy || broken "the next agent leaves it there"
        stopped "Permission denied before and after the agent's death, and the mount is nosuid,nodev; the next agent removed it"
}

weaken() {
        mount -o remount,bind,suid,dev /var/lib/tenantd/images
        careless() { open_path "$1"; }
}

unweaken() {
        chmod 700 /var/lib/tenantd /var/lib/tenantd/images
        mount -o remount,bind,nosuid,nodev /var/lib/tenantd/images
}

cleanup() {
        exec 3>&-
        rm -rf "$archive"
        tenantctl list >/dev/null
        wait_for 20 has_no_work_copy
}

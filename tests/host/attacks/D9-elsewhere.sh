# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D9: finds a place on the host's disk that is not counted
# mechanism: one directory without the project's mark (made before it was set, by the host, a mount of something else) and all below it is free
# stopped by: the mark is set on the empty volume and inherited; all that a tenant can write to is the volume, or memory of its own
# weakened: no user namespace, a tree without a project
# needs: quota

# shellcheck source=tests/host/attacks/disk.sh
. "$here/disk.sh"

marks() { # a file with this name in each directory that can be written, on whatever is mounted
        in_place_sh 'cut -d" " -f5 /proc/self/mountinfo | sort -u | while read -r d; do
                for sub in "$d" "$d/tmp" "$d/lib/docker" "$d/log"; do
                        [ -d "$sub" ] && echo x 2>/dev/null >"$sub/elsewhere-'"$1"'" && echo "$sub"
                done
        done 2>/dev/null'
}

# Projects of all files in the tree as it is on the disk: "ID", once each. What lsattr calls .. is no part of it.
projects() { lsattr -aRp "$1" 2>/dev/null | awk '$1 ~ /^[0-9]+$/ && $NF !~ /\/\.\.$/ { print $1 }' | sort -un; }

attack() {
        local tree ids written outside
        tree=/var/lib/tenantd/storage/volumes/$place
        ! is_raw "$place" || tree=$raw_store/$place
        written=$(marks "$$")
        [[ -n $written ]] || broken "nothing can be written"
        [[ -n $(find "$tree" -name "elsewhere-$$") ]] || broken "nothing of it is in $tree"
        # Anywhere else on the host's disks, in whosever tree?
        outside=$(find /var /var/lib/tenantd -xdev -name "elsewhere-$$" -not -path "$tree/*" 2>/dev/null | head -n 1)
        [[ -z $outside ]] || breached "written to $outside"
        ids=$(projects "$tree")
        [[ $ids != *$'\n'* && -n $ids && $ids != 0 ]] || breached "files of the projects $(paste -sd ' ' <<<"$ids")"
        stopped "written to $(wc -l <<<"$written") places; all files on the disk are of project $ids"
}

weaken() {
        raw_store=/var/lib/tenantd/attacks
        raw no-userns
}

cleanup() {
        in_place_sh "find / -xdev -name 'elsewhere-*' -delete 2>/dev/null; find /var/lib -name 'elsewhere-*' -delete 2>/dev/null; true"
        ! is_raw "$place" || { raws_end; rmdir "$raw_store"; }
}

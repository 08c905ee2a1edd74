# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# disk.sh: for attacks on the host's disk (D7 to D9); an attack sources it itself. Judged by what the host's file system says is gone, never
# by what the tenant says it wrote. Refuses to fill a disk of the host's own: what is weakened writes to tenantd's store, too.

weak_live+=(no-size)
# Without a Size= there is nothing to take away.
weak_no_size_on() { :; }

fill_directory=/srv/fill

stored() { # blocks|files: of the store, in MiB or as a number
        sync -f /var/lib/tenantd/storage
        case $1 in
        blocks) df -BM --output=used /var/lib/tenantd/storage ;;
        files) df --output=iused /var/lib/tenantd/storage ;;
        esac | tr -dc '0-9\n' | tail -n 1
}

# disk_attack blocks|files KIND AMOUNT [LEAVE]: the place takes all it gets; is more of the store gone than a tenant's limit is?
disk_attack() {
        local before taken limit=$bed_size unit=MiB said status=0 reserve=()
        [[ $1 == blocks ]] || { limit=$bed_inodes unit=files; }
        # A little more than the limit is asked for, so that what is weakened gets beyond it.
        [[ -z ${4-} ]] || reserve=("$((limit + 12))" "$4")
        in_place mkdir -p "$fill_directory" || broken "no directory"
        before=$(stored "$1")
        said=$(in_place /attacks/fill "$2" "$fill_directory" "$3" "${reserve[@]}") || status=$?
        echo "$said"
        taken=$(($(stored "$1") - before))
        ((taken <= limit)) || breached "$taken $unit of the host are gone, of $limit; ${said##*$'\n'}"
        ((status == status_stopped)) || broken "$taken $unit are gone"
        ((taken > limit * 8 / 10)) || broken "only $taken $unit are gone: ${said##*$'\n'}"
        stopped "$taken $unit of the host, of $limit; ${said##*$'\n'}"
}

cleanup() { in_place rm -rf "$fill_directory"; }

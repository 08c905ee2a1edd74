# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# S3: a user of the host runs a set-uid program of a tenant whose removal was cut short by the agent's death
# mechanism: what is being removed is moved out of the store, or loses what guards it before the programs in it
# stopped by: removal takes place in the store: below a directory of root's own (0700), nosuid and nodev
# weakened: store mounted suid, its directories open to all

# shellcheck source=tests/host/attacks/store.sh
. "$here/store.sh"

gone=attack-removal

# Many files, so that it takes its time, and the program everywhere.
make_gone() {
        local base upper
        tiny_image "$tiny_image" && tenant "$gone" Image="$tiny_image" || return
        base=$(id_base_of "$gone") && upper=$(upper_of "$gone") || return
        install -m 6755 -o "$base" -g "$base" "$attack_programs/euid" "$upper/shell"
        perl -e 'chdir $ARGV[0]; for my $d (1..20) { mkdir $d; link("shell", "$d/$_") or die for (1..1000, "shell") }' "$upper"
}

left() { find /var/lib/tenantd -name shell -perm /4000; }
nothing_left() { [[ ! -e /var/lib/tenantd/storage/volumes/$gone && ! -e /var/lib/tenantd/tenants/$gone && -z $(left) ]]; }

attack() {
        local file
        make_gone || broken "no tenant to remove"
        agent_mortal
        tenantctl --quiet remove "$gone" &
        agent_kill_when "/var/lib/tenantd/storage/volumes/.pending/$gone*"
        ! wait "$!" || broken "the removal was over before the agent"
        file=$(left | head -n 1)
        [[ -n $file ]] || broken "the program was removed before the agent died"
        careless "$file"
        judge_file "$file"
        tenantctl list >/dev/null || broken "no agent"
        wait_for 30 nothing_left || broken "the next agent does not finish the removal"
        stopped "Permission denied, and the mount is nosuid,nodev; the next agent finished the removal"
}

weaken() {
        weak_tenant suid-store
        careless() { open_path "$1"; }
}

cleanup() {
        tenantctl list >/dev/null
        wait_for 30 nothing_left || tenantctl --quiet remove "$gone"
        tenantctl --quiet image remove "$tiny_image"
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# P6: swaps directories for links while the host removes its tree, so that the host's own files are removed with it
# mechanism: a recursive removal (or chown: CVE-2015-1340 of lxd) that looks at a name and goes into it by path then
# stopped by: removal on held descriptors, each directory opened by openat2(2) without links; names are only ever unlinked
# weakened: a host that removes by path, looking at each name before

# shellcheck source=tests/host/attacks/paths.sh
. "$here/paths.sh"

subject=p6-subject rounds=6

attack() {
        local round
        door_make
        for ((round = 1; round <= rounds; round++)); do
                if is_tenant; then
                        [[ $place == "$subject" ]] || place=$subject
                        tenant "$subject" || broken "no tenant to remove"
                fi
                plant || broken "nothing planted"
                race "$place" tree "${pairs[@]}"
                if is_tenant; then
                        remove || broken "it is not removed"
                else
                        naive_remove "$(upper_of "$place")/tree"
                fi
                racers_end
                ! door_changed || breached "round $round: $(door_changed)"
                [[ ! -e $(upper_of "$place")/tree ]] || is_raw "$place" || broken "the tree is still there"
        done
        [[ $swaps -gt $rounds ]] || broken "only $swaps swaps"
        stopped "$rounds trees removed during $swaps swaps"
}

# With a quota, whose account has to be empty, it is finished when nobody holds a directory of it any more.
remove() {
        local said
        said=$(tenantctl --quiet remove "$subject" 2>&1) && return
        [[ $said == *"a process holds removed files open"* ]] || { echo "$said"; return 1; }
        [[ ! -e $(upper_of "$subject")/tree ]] || broken "the tree is still there"
        racers_end
        tenantctl --quiet remove "$subject"
}

plant() {
        local i
        pairs=()
        for ((i = 1; i <= 40; i++)); do
                pairs+=("d$i" "l$i")
        done
        # shellcheck disable=SC2016 # the shell there expands it
        in_stored "$place" . sh -c 'for i in $(seq 40); do
                mkdir -p tree/d$i && touch tree/d$i/one tree/d$i/two && ln -sfn "$1" tree/l$i || exit; done' sh "$door/full"
}

naive_remove() {
        local name
        for name in "$1"/*; do
                if [[ -d $name && ! -L $name ]]; then
                        naive_remove "$name"
                else
                        rm -f "$name" 2>/dev/null
                fi
        done
        rmdir "$1" 2>/dev/null
}

weaken() { raw no-userns; }

cleanup() {
        racers_end
        tenantctl --quiet remove "$subject" 2>/dev/null
        door_end
}

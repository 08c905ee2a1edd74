# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# P3: swaps directories for links while the host looks at them and then mounts
# mechanism: between the check of a mount's target and the mount, RENAME_EXCHANGE puts a link there (CVE-2021-30465 of runc)
# stopped by: one lookup only, by openat2(2), and the mount goes to that descriptor
# weakened: a container whose runtime looks first and mounts by path then

# shellcheck source=tests/host/attacks/paths.sh
. "$here/paths.sh"

targets=(dev proc)

attack() {
        local target pairs=() tries
        door_make
        ! is_tenant || stop_tenant || broken "it does not stop"
        for target in "${targets[@]}"; do
                in_stored "$place" . mkdir -p "$target" && in_stored "$place" . ln -sfn "$door/empty" "$target.link" || broken "nothing planted"
                pairs+=("$target" "$target.link")
        done
        race "$place" . "${pairs[@]}"
        if is_tenant; then
                raced_starts
        else
                naive_mounts
        fi
        racers_end
        ! door_changed || breached "after $tries tries and $swaps swaps: $(door_changed)"
        [[ $swaps -gt 1000 ]] || broken "only $swaps swaps"
        stopped "$tries starts during $swaps swaps; $refused refused${said:+: $said}"
}

# Most are refused, since there is a link when it looks at one of four; the others run with what they ought to have.
raced_starts() {
        refused=0 said=
        for ((tries = 0; tries < 12; tries++)); do
                if start_planted; then
                        [[ $(stat -f -c %T "$(tenant_root "$place")/proc/1") == proc ]] || breached "another /proc in the tenant"
                        end_tenant || broken "it does not end"
                else
                        refused=$((refused + 1)) said=$refusal
                fi
                ! door_changed || return 0
        done
}

naive_mounts() {
        local path
        path=$(upper_of "$place")/dev
        for ((tries = 1; tries < 2000; tries++)); do
                [[ -d $path && ! -L $path ]] && mount -t tmpfs -o size=64k lure "$path" 2>/dev/null && mounted_in_door && return
                # Swapped a moment before the mount, the directory has the other name now, and keeps it.
                umount -l "$path" "$path.link" 2>/dev/null
        done
}

mounted_in_door() { grep -q " $door" /proc/self/mountinfo; }

weaken() { raw no-userns; }

cleanup() {
        racers_end
        while umount -l "$(upper_of "$place")"/dev{,.link} 2>/dev/null; do :; done
        unplant
        door_end
        start_again
}

unplant() {
        # shellcheck disable=SC2016 # the shell there expands it
        in_stored "$place" . sh -c 'for name; do rm -f "$name.link"; [ ! -L "$name" ] || rm "$name"; rmdir "$name.link" 2>/dev/null; done
                mkdir -p "$@"' sh "${targets[@]}"
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# kernel.sh: what attacks on the kernel's interfaces (K1 to K12) share. Sourced by them, after lib.sh. Refuses to change a kernel that is
# not the test host's own: an attack that would says `needs: kernel`.

# write_back FILE: from the place, what the file says already; who can do that can write anything.
write_back() {
        local said
        said=$(in_place_sh "v=\$(cat $1) || exit 3; { echo \"\$v\" >$1; } 2>&1") && breached "$1 can be written"
        # The shell's own words, "sh: 1: cannot create /proc/…: Permission denied".
        case $said in
        *"Permission denied" | *"Read-only file system" | *"Operation not permitted" | *"nonexistent" | *"No such file or directory")
                stopped "$1: ${said##*: }"
                ;;
        *) broken "$1: $said" ;;
        esac
}

# --- modules ---------------------------------------------------------------------------------------------------------

modules_now() { awk '{ print $1 }' /proc/modules | sort; }

# What the running kernel's modules say that they are good for: alias_names fs- prints "xfs" for fs-xfs.
alias_names() { # PREFIX...
        local prefix
        for prefix; do
                awk -v prefix="$prefix" 'index($2, prefix) == 1 { print substr($2, length(prefix) + 1) }' \
                        "/lib/modules/$(uname -r)/modules.alias"
        done | grep -E '^[A-Za-z0-9_:.-]+$' | sort -u
}

# Schedulers, classifiers and actions have no aliases, but names.
traffic_names() {
        find "/lib/modules/$(uname -r)/kernel/net/sched" -name '*.ko*' -printf '%f\n' | sed -nE 's/^(sch|cls|act)_(.*)\.ko.*/\2/p' | sort -u
}

# autoload KIND [NAME...]: asks from the place, and looks at what the host has loaded for it.
autoload() {
        local new
        modules_before=$(modules_now)
        in_place_timeout=300 in_place /attacks/autoload "$@" || return 2
        new=$(comm -13 <(echo "$modules_before") <(modules_now) | tr '\n' ' ')
        [[ -z $new ]] || breached "the host has loaded for it: $new"
        stopped "asked by $(($# - 1)) names, nothing was loaded"
}

modules_new() { comm -13 <(echo "$modules_before") <(modules_now); }

# In as many rounds as modules depend on each other. Not modprobe -r, which takes along what was there before.
modules_unload() {
        local module
        for _ in 1 2 3; do
                for module in $(modules_new); do
                        rmmod "$module" 2>/dev/null
                done
        done
        [[ -z $(modules_new) ]]
}

# What an attack made the host load is unloaded; what the place still has of it (a link, a rule) goes with the place.
autoload_cleanup() {
        [[ -n ${modules_before-} ]] || return 0
        modules_unload || { systemctl restart "tenant@$attacker" && wait_for 1 modules_unload; } || true
}

# --- the victim ------------------------------------------------------------------------------------------------------

# The victim runs peek, which holds a secret in its memory and in a descriptor; $held is its number on the host, $held_address where.
victim_holds() {
        inside "$victim" sh -c 'printf the-victims-secret >/run/secret && rm -f /run/address &&
                systemd-run --quiet --collect --unit=hold --property=StandardInput=file:/run/secret /attacks/peek hold /run/address' || return
        wait_for 10 inside "$victim" test -s /run/address || return
        held_address=$(inside "$victim" cat /run/address)
        held=$(pgrep -f '^/attacks/peek hold /run/address$')
        [[ $held =~ ^[0-9]+$ ]]
}

victim_lets_go() { inside "$victim" systemctl stop hold 2>/dev/null || true; }

# --- the host's offers -----------------------------------------------------------------------------------------------

# host_offers KIND NAME: a secret of the host's, by a way that needs no file (ipc.c).
host_offers() {
        case $1 in
        shm | mqueue) "$attack_programs/ipc" offer "$1" "$2" ;;
        *)
                "$attack_programs/ipc" offer "$1" "$2" >/run/test-host/offer 2>&1 &
                offer=$!
                wait_for 5 grep -q offered /run/test-host/offer
                ;;
        esac
}

host_offers_no_more() { # KIND NAME
        [[ -z ${offer-} ]] || kill "$offer" 2>/dev/null
        "$attack_programs/ipc" drop "$1" "$2" || true
        rm -f /run/test-host/offer
}

# place_file PATH: standard input, a few KiB, as a file of the place.
place_file() { in_place_sh "echo $(base64 -w 0) | base64 -d >'$1'"; }

# --- grafts ----------------------------------------------------------------------------------------------------------

# graft SOURCE TARGET: shows a file or directory of the host in the place, as a bind mount would. TARGET is below /run.
graft() {
        local make="touch"
        [[ ! -d $1 ]] || make="mkdir"
        in_place "$make" "$2" && "$attack_programs/graft" "$1" "$(tenant_init "$place")" "$2"
}

graft_end() { # TARGET
        in_place_sh "umount -l '$1' && rm -df '$1'"
}

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K2: makes a program of its own the interpreter of the host's programs
# mechanism: binfmt_misc is one for all namespaces before kernel 6.7; flag C gives an interpreter the rights of a set-uid program
# stopped by: before 6.7 no user namespace may mount it; from 6.7 each has a table of its own
# weakened: no user namespace
# needs: modules kernel

table=/proc/sys/fs/binfmt_misc

attack() {
        local said
        # systemd mounts it for who looks.
        [[ -e $table/status ]] || broken "no binfmt_misc in this host"
        said=$(in_place_sh "mkdir -p /k2 && mount -t binfmt_misc none /k2 2>&1 && echo ':k2:M::K2K2::/attacks/euid:C' >/k2/register")
        [[ ! -e $table/k2 ]] || breached "the host has $(sed -n '/^interpreter/p' "$table/k2")"
        stopped "mount -t binfmt_misc: ${said:-a table of the own}"
}

weaken() { raw no-userns; }

cleanup() {
        [[ ! -e $table/k2 ]] || echo -1 >"$table/k2"
        in_place_sh '! mountpoint -q /k2 || umount /k2; rmdir /k2'
}

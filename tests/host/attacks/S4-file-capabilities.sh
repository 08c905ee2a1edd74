# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# S4: a user of the host runs a program to whose file root inside gave capabilities
# mechanism: security.capability on the file, instead of a set-uid bit
# stopped by: the kernel stores whose root gave them (rootid): on the host they are nobody's (shown with the store's own walls open)
# weakened: no user namespace

# shellcheck source=tests/host/attacks/store.sh
. "$here/store.sh"

# setcap cap_dac_override,cap_setuid+ep, which the image has no program for.
set_capabilities='my ($file, $name, $value) = ("/srv/shell", "security.capability", pack("V5", 0x02000001, 0x82, 0, 0, 0));
        syscall(188, $file, $name, $value, 20, 0) == 0 or die "setxattr: $!\n"'

attack() {
        local inside outside
        in_place_sh 'mkdir -p /srv && cp /attacks/euid /srv/shell && chmod 755 /srv/shell' || broken "no shell"
        in_place perl -e "$set_capabilities" || broken "no capabilities"
        inside=$(in_place setpriv --reuid 65534 --clear-groups --inh-caps=-all sh -c /srv/shell)
        [[ $inside == "65534 0000000000000082" ]] || broken "they do not count inside: $inside"
        outside=$(doors_open "$(upper_of "$place")/srv/shell" 65534) || broken "it does not run: $outside"
        [[ $outside != "65534 0000000000000082" ]] || breached "uid 65534 of the host passes all file modes and becomes any user (CapEff ${outside#* })"
        [[ $outside == "65534 0000000000000000" ]] || broken "on the host: $outside"
        stopped "CapEff ${inside#* } inside, ${outside#* } on the host"
}

weaken() { raw no-userns; }

cleanup() { in_place rm -f /srv/shell; }

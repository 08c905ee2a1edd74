# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K6: takes the way to writing into the page cache of files that it may only read, by the 32-bit table's socket(2)
# mechanism: a socket of the kernel's cryptography, bound to authencesn (CVE-2026-31431, Copy Fail); the host has the modules loaded
# stopped by: the filter's rules for 32-bit callers
# weakened: no filter
# needs: modules kernel i386

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

attack() {
        modules_before=$(modules_now)
        modprobe -a af_alg algif_aead authencesn hmac cbc sha256_generic || broken "no modules"
        in_place /attacks/alg i386
}

weaken() { raw no-seccomp; }

cleanup() { autoload_cleanup; }

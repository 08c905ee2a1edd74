# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K5: makes the host load line disciplines, congestion controls and binary formats
# mechanism: TIOCSETD, TCP_CONGESTION, TCP_ULP and execve(2) of an unknown format ask for modules
# stopped by: kernel.modprobe is module-gate, which loads nothing that a tenant can ask for
# weakened: the kernel asks modprobe itself, and loads line disciplines for everybody
# needs: modules kernel

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

attack() { autoload others; }

weaken() { weak_tenant no-module-gate ldisc-autoload; }

cleanup() { autoload_cleanup; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K5: makes the host load modules of network protocols
# mechanism: socket(2) of a family or protocol that is not there runs modprobe as root of the host
# stopped by: the filter's list of families; for protocols of the families that a tenant has, kernel.modprobe is module-gate, which loads nothing that a tenant can ask for
# weakened: no filter, and the kernel asks modprobe itself
# needs: modules kernel

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

# shellcheck disable=SC2046 # a name is a word
attack() { autoload sockets $(alias_names net-pf-); }

weaken() { weak_tenant no-seccomp no-module-gate; }

cleanup() { autoload_cleanup; }

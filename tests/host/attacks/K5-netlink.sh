# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K5: makes the host load families of netlink
# mechanism: a question for a family, a subsystem or a kind of diagnosis loads it
# stopped by: kernel.modprobe is module-gate, which loads nothing that a tenant can ask for
# weakened: the kernel asks modprobe itself
# needs: modules kernel

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

# shellcheck disable=SC2046 # a name is a word
attack() { autoload netlink $(alias_names net-pf-16-proto-16-family-); }

weaken() { weak_tenant no-module-gate; }

cleanup() { autoload_cleanup; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K5: makes the host load drivers of network links
# mechanism: a request for a link of a kind loads rtnl-link-KIND
# stopped by: kernel.modprobe is module-gate, which loads nothing that a tenant can ask for
# weakened: the kernel asks modprobe itself
# needs: modules kernel

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

# Not vrf, which has no end.
# shellcheck disable=SC2046 # a name is a word
attack() { autoload links $(alias_names rtnl-link- | grep -vx vrf); }

weaken() { weak_tenant no-module-gate; }

cleanup() { autoload_cleanup; }

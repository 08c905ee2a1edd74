# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K5: makes the host load expressions of nftables
# mechanism: a rule with an unknown expression loads nft-expr-NAME
# stopped by: kernel.modprobe is module-gate, which loads nothing that a tenant can ask for
# weakened: the kernel asks modprobe itself
# needs: modules kernel

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

# Not synproxy, which cannot be unloaded again after that.
# shellcheck disable=SC2046 # a name is a word
attack() { autoload expressions $(alias_names nft-expr-2- nft-expr-10- nft-expr-1- nft-expr- | grep -v synproxy); }

weaken() { weak_tenant no-module-gate; }

cleanup() { autoload_cleanup; }

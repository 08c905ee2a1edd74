# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K5: makes the host load matches and targets of iptables
# mechanism: a question for the revision of one loads ipt_NAME, ip6t_NAME
# stopped by: kernel.modprobe is module-gate, which loads nothing that a tenant can ask for
# weakened: the kernel asks modprobe itself
# needs: modules kernel

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

# shellcheck disable=SC2046 # a name is a word
attack() { autoload matches $(alias_names ipt_ ip6t_); }

weaken() { weak_tenant no-module-gate; }

cleanup() { autoload_cleanup; }

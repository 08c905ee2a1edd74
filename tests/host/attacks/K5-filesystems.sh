# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K5: makes the host load file systems
# mechanism: mount(2) and fsopen(2) load fs-NAME before they ask who may mount it
# stopped by: kernel.modprobe is module-gate, which loads nothing that a tenant can ask for
# weakened: the kernel asks modprobe itself
# needs: modules kernel

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

# shellcheck disable=SC2046 # a name is a word
attack() { autoload filesystems $(alias_names fs-); }

weaken() { weak_tenant no-module-gate; }

cleanup() { autoload_cleanup; }

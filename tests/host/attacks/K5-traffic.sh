# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K5: makes the host load schedulers, classifiers and actions of traffic
# mechanism: a request for one loads sch_NAME, cls_NAME or act_NAME
# stopped by: kernel.modprobe is module-gate, which loads nothing that a tenant can ask for
# weakened: the kernel asks modprobe itself
# needs: modules kernel

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

# shellcheck disable=SC2046 # a name is a word
attack() { autoload traffic $(traffic_names); }

weaken() { weak_tenant no-module-gate; }

cleanup() { autoload_cleanup; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D4: fills the host's memory with keys
# mechanism: keys are charged to no cgroup, and their quota is one of each user id, of which a tenant has 262144
# stopped by: seccomp: there are no keys
# weakened: no seccomp
# needs: kernel controllers

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() { uncharged_attack keys; }

weaken() { weak_tenant small no-seccomp; }

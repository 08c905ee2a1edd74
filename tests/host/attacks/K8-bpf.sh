# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K8: loads a program into the kernel
# mechanism: bpf(2), whose verifier has a long record of holes
# stopped by: the filter: bpf; behind it kernel.unprivileged_bpf_disabled
# weakened: no user namespace, no filter

attack() { in_place /attacks/surface bpf; }

weaken() { raw no-userns no-seccomp; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K6: asks for sockets of every family that a tenant has no use for, by socketpair(2)
# mechanism: families with a record of holes, or without a namespace of their own (AF_VSOCK reaches the hypervisor)
# stopped by: the filter has the same rules for it as for socket(2)
# weakened: no filter

attack() { in_place /attacks/families socketpair; }

weaken() { raw no-seccomp; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K6: asks for sockets of every family that a tenant has no use for, with bits above the family's number
# mechanism: families with a record of holes, or without a namespace of their own (AF_VSOCK reaches the hypervisor)
# stopped by: the filter compares the 32 bits that the kernel takes, not the register
# weakened: no filter

attack() { in_place /attacks/families high-bits; }

weaken() { raw no-seccomp; }

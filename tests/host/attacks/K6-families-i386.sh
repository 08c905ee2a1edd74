# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K6: asks for sockets of every family that a tenant has no use for, by 32-bit code
# mechanism: families with a record of holes, or without a namespace of their own (AF_VSOCK reaches the hypervisor)
# stopped by: the filter's rules for 32-bit callers
# weakened: no filter
# needs: i386

attack() { in_place /attacks/families i386; }

weaken() { raw no-seccomp; }

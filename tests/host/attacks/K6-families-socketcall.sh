# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K6: asks for sockets of every family that a tenant has no use for, by socketcall(2) of 32-bit code, whose arguments no filter sees
# mechanism: families with a record of holes, or without a namespace of their own (AF_VSOCK reaches the hypervisor)
# stopped by: the filter refuses all sockets by socketcall
# weakened: no filter
# needs: i386

attack() { in_place /attacks/families socketcall; }

weaken() { raw no-seccomp; }

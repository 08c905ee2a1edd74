# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K8: tries every system call that a tenant has no business with
# mechanism: calls that act on all of the host, or that exploits start from
# stopped by: the filter; its answers are the golden list of reach.c
# weakened: no user namespace, no filter

attack() { in_place /attacks/reach native; }

weaken() { raw no-userns no-seccomp; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K8: tries them by the 32-bit table, which int $0x80 of a 64-bit program enters
# mechanism: a filter that knows one table only
# stopped by: the filter has rules for both tables
# weakened: no user namespace, no filter
# needs: i386

attack() { in_place /attacks/reach i386; }

weaken() { raw no-userns no-seccomp; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K8: uses io_uring
# mechanism: a second way to most system calls, with a long record of holes, that no filter sees into
# stopped by: the filter: io_uring_setup
# weakened: no filter

attack() { in_place /attacks/surface io-uring; }

weaken() { raw no-seccomp; }

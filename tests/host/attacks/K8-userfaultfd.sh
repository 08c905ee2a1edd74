# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K8: holds page faults in its own hands
# mechanism: what makes races in the kernel easy to win; asks for no privilege
# stopped by: the filter: userfaultfd
# weakened: no filter

attack() { in_place /attacks/surface userfaultfd; }

weaken() { raw no-seccomp; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K8: types commands into a terminal that somebody else reads
# mechanism: TIOCSTI, natively, with bits above the command's number (CVE-2019-10063), by 32-bit code
# stopped by: the filter: ioctl(TIOCSTI), by the 32 bits that the kernel takes
# weakened: no user namespace, no filter

attack() { in_place /attacks/surface tiocsti; }

weaken() { raw no-userns no-seccomp; }

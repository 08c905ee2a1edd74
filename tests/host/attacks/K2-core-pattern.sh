# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K2: sets the program that the kernel runs as root of the host for a crash
# mechanism: kernel.core_pattern is one for all namespaces, and a pattern that is a pipe names a program
# stopped by: the file is root's of the host, who does not exist in the tenant's user namespace
# weakened: no user namespace

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

attack() { write_back /proc/sys/kernel/core_pattern; }

weaken() { raw no-userns; }

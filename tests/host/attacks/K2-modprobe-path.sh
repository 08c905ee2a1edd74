# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K2: sets the program that the kernel runs as root of the host for a module
# mechanism: kernel.modprobe is one for all namespaces; then any request for a module runs it
# stopped by: the file is root's of the host, who does not exist in the tenant's user namespace
# weakened: no user namespace
# needs: kernel

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

attack() { write_back /proc/sys/kernel/modprobe; }

weaken() { raw no-userns; }

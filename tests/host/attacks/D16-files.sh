# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D16: takes all open files
# mechanism: their number is one for all (fs.file-max); only the host's root may have more
# stopped by: fs.file-max has no bound on a host with systemd; RLIMIT_NOFILE and the tenant's memory come first
# weakened: fs.file-max low
# needs: kernel neighbour

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

attack() { exhaust_attack files 60000; }

weaken() { sysctl_for_now fs.file-max "$(($(awk '{ print $1 }' /proc/sys/fs/file-nr) + 45000))"; }

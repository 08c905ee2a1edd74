# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D15: makes the host's kernel read a file system that the tenant wrote
# mechanism: an image with damages made on purpose is parsed by the kernel; its readers of file systems were never meant for that
# stopped by: no loop device in a tenant's /dev, no node can be made of one; the kernel mounts no disk in a user namespace
# weakened: no user namespace, the host's /dev
# needs: modules

attack() {
        in_place sh -c 'truncate -s 1M /devices-file && mke2fs -q /devices-file' || broken "no file"
        in_place /attacks/devices mount /devices-file
}

weaken() { raw no-userns privileged-dev; }

cleanup() { in_place rm -f /devices-file; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D9: writes as many users, so that no user's quota is reached
# mechanism: root of a container may give files to any of its 262144 users, and a quota of users counts each by itself
# stopped by: the quota is of the tree (its project), not of an owner
# weakened: a tenant without Size=
# needs: quota

# shellcheck source=tests/host/attacks/disk.sh
. "$here/disk.sh"

attack() { disk_attack blocks owners 16 6; }

weaken() { weak_tenant no-size; }

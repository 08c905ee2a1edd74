# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K11: connects to the host's abstract sockets
# mechanism: what is found by a name without a file is found in all mount namespaces
# stopped by: a network namespace of its own: abstract names belong to one
# weakened: the host's network namespace

# shellcheck source=tests/host/attacks/kernel.sh
. "$here/kernel.sh"

attack() {
        host_offers abstract k11-host || return 2
        in_place /attacks/ipc take abstract k11-host
}

weaken() { raw host-net; }

cleanup() { host_offers_no_more abstract k11-host; }

# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# K8: samples what the machine's processors execute
# mechanism: perf_event_open(2): side channels and holes
# stopped by: the filter: perf_event_open; behind it kernel.perf_event_paranoid
# weakened: no user namespace, no filter

attack() { in_place /attacks/surface perf; }

weaken() { raw no-userns no-seccomp; }

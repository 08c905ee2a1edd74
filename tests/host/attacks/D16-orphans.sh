# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# D16: closes so many connections whose other end takes its time that the kernel cuts off everybody's
# mechanism: beyond net.ipv4.tcp_max_orphans, one number for all, whoever closes a connection loses what was not sent yet; in a network namespace of its own a tenant says how long its own live
# stopped by: net.ipv4.tcp_max_orphans, so high that the memory of the connections, which the tenant pays, comes first
# weakened: net.ipv4.tcp_max_orphans low
# needs: kernel neighbour controllers

# shellcheck source=tests/host/attacks/noise.sh
. "$here/noise.sh"

# Thousands.
attack() { exhaust_attack orphans 12; }

weaken() { sysctl_for_now net.ipv4.tcp_max_orphans 8192; }

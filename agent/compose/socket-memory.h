/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * socket-memory.h: how much of the host's memory the buffers of everybody's sockets together may take (net.ipv4.tcp_mem, udp_mem). Beyond
 * it the kernel drops what arrives, whoever it is for: at its own default, a tenth for TCP and a fifth for UDP, one tenant is enough.
 * What a tenant's buffers take is charged to it (MemoryMax=), so this only must not be in the way.
 */
#pragma once

#include "fd.h"

enum socket_memory { SOCKET_MEMORY_TCP, SOCKET_MEMORY_UDP, _SOCKET_MEMORY_MAX };

/* Below /proc/sys. */
const char *socket_memory_path(enum socket_memory kind);

/*
 * 1: it is less than tenants need, and *ret is what to write there; 0: it is enough, or this is a container, where it is the affair of the
 * host below. More is never made less.
 */
int socket_memory_lacks(enum socket_memory kind, char ret[static 96]) _must_check_;

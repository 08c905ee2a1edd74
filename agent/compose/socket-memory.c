/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* socket-memory.c: see socket-memory.h. Source: Documentation/networking/ip-sysctl.rst of the kernel; three numbers, in pages. */
#include "socket-memory.h"
#include "io.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/*
 * All of it for UDP: its buffers end with their processes. Half for TCP: a closed connection that is not all sent outlives its tenant, and
 * the kernel ends such ones only above the bound.
 */
static const struct {
        const char *path;
        unsigned share;
} kinds[_SOCKET_MEMORY_MAX] = {
        [SOCKET_MEMORY_TCP] = { "/proc/sys/net/ipv4/tcp_mem", 2 },
        [SOCKET_MEMORY_UDP] = { "/proc/sys/net/ipv4/udp_mem", 1 },
};

const char *socket_memory_path(enum socket_memory kind) {
        return kinds[kind].path;
}

int socket_memory_lacks(enum socket_memory kind, char ret[static 96]) {
        _cleanup_free_ char *text = NULL;
        unsigned long most, wanted;
        long pages = sysconf(_SC_PHYS_PAGES);
        int r = file_read(AT_FDCWD, kinds[kind].path, 128, &text, NULL);

        if (r < 0) {
                return r == -ENOENT ? 0 : r;
        }
        if (pages <= 0 || sscanf(text, "%*u %*u %lu", &most) != 1) {
                return -EBADMSG;
        }
        wanted = (unsigned long) pages / kinds[kind].share;
        snprintf(ret, 96, "%lu %lu %lu", wanted / 8 * 6, wanted / 8 * 7, wanted);
        return most < wanted;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * socket-bounds.c: raises the host's bounds of socket memory to what tenants need (socket-memory.h). They depend on the host's memory, so that
 * a file of sysctls cannot say them.
 *
 *   socket-bounds        (tenantd-sockets.service)
 *
 * Owned by agent/run. Refuses to lower what is there.
 */
#include "io.h"
#include "socket-memory.h"
#include <fcntl.h>
#include <string.h>

static int raise_bound(enum socket_memory kind) {
        const char *path = socket_memory_path(kind);
        char wanted[96];
        int r = socket_memory_lacks(kind, wanted);

        if (r > 0) {
                r = file_write_at(AT_FDCWD, path, wanted);
        }
        if (r < 0) {
                fprintf(stderr, "socket-bounds: %s stays as it is: %s\n", path, strerror(-r));
        }
        return r;
}

int main(int argc, char **argv) {
        int status = EXIT_SUCCESS;

        if (argc != 1) {
                fprintf(stderr, "usage: %s\n", argv[0]);
                return 2;
        }
        for (enum socket_memory kind = 0; kind < _SOCKET_MEMORY_MAX; kind++) {
                if (raise_bound(kind) < 0) {
                        status = EXIT_FAILURE;
                }
        }
        return status;
}

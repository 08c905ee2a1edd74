/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ways.h: the ways in which a program can ask for a socket, by their names on the attacks' command lines. */
#pragma once

#include "attack.h"
#include "int80.h"
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel takes an int; what stands above it in the register must not count. */
#define HIGH_BITS (1ul << 32)

/* The descriptor, or negative errno. */
static inline long socket_by(const char *way, int family, int type, int protocol) {
        long r;

        if (strcmp(way, "i386") == 0) {
                return int80(I386_SOCKET, family, type, protocol, 0, 0);
        }
        if (strcmp(way, "socketcall") == 0) {
                return socketcall32(I386_SOCKETCALL_SOCKET, family, type, protocol);
        }
        if (strcmp(way, "socketpair") == 0) {
                int pair[2];

                r = syscall(SYS_socketpair, family, type, protocol, pair);
        } else if (strcmp(way, "high-bits") == 0) {
                r = syscall(SYS_socket, (unsigned long) family | HIGH_BITS, type, protocol);
        } else if (strcmp(way, "native") == 0) {
                r = syscall(SYS_socket, family, type, protocol);
        } else {
                say("broken: no such way: %s", way);
                exit(ATTACK_BROKEN);
        }
        return r < 0 ? -errno : r;
}

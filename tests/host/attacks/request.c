/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * request.c: the victim's customers: connects to serve again and again, and says how many answers came per second. No answer at all
 * within the time fails.
 *
 *   request ADDRESS PORT SECONDS     SECONDS 0: until the first answer, at most two seconds
 */
#include "attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

/* One connection, given up after a second. Closed by reset, so that thousands leave no ports waiting. */
static bool answered(const struct sockaddr_in *address) {
        const struct timeval limit = { .tv_sec = 1 };
        const struct linger reset = { .l_onoff = 1 };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        char answer[16];
        bool ok;

        if (fd < 0) {
                return false;
        }
        (void) setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
        (void) setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
        (void) setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        ok = connect(fd, (const struct sockaddr *) address, sizeof(*address)) == 0 &&
             recv(fd, answer, sizeof(answer), MSG_WAITALL) == 7 && memcmp(answer, "served\n", 7) == 0;
        close(fd);
        return ok;
}

int main(int argc, char **argv) {
        struct sockaddr_in address = { .sin_family = AF_INET };
        unsigned answers = 0;
        double begun = now(), seconds;

        if (argc != 4 || inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) {
                fprintf(stderr, "usage: request ADDRESS PORT SECONDS\n");
                return ATTACK_BROKEN;
        }
        address.sin_port = htons((uint16_t) atoi(argv[2]));
        seconds = atof(argv[3]);
        do {
                answers += answered(&address);
        } while (now() - begun < (seconds > 0 ? seconds : 2) && (seconds > 0 || answers == 0));
        say("%.0f", answers / (now() - begun));
        return answers == 0;
}

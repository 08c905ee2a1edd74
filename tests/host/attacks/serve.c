/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * serve.c: the victim's business: answers each TCP connection with one line and closes it.
 *
 *   serve PORT
 */
#include "attack.h"
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
        static const char answer[] = "served\n";
        struct sockaddr_in address = { .sin_family = AF_INET };
        const int on = 1;
        int listener;

        if (argc != 2) {
                fprintf(stderr, "usage: serve PORT\n");
                return ATTACK_BROKEN;
        }
        address.sin_port = htons((uint16_t) atoi(argv[1]));
        signal(SIGPIPE, SIG_IGN);
        listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
            bind(listener, (struct sockaddr *) &address, sizeof(address)) < 0 || listen(listener, 128) < 0) {
                broken("listen");
        }
        for (;;) {
                int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

                if (fd < 0) {
                        continue;
                }
                if (write(fd, answer, sizeof(answer) - 1) < 0) {
                        say_errno("answer");
                }
                close(fd);
        }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * deaf.c: an init that writes down what it was born with (/origin.init), says that it is ready, reaps, and ignores every signal that
 * can be ignored.
 *
 *   deaf        as /sbin/init of a tenant
 */
#include "origin.h"
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static void write_origin(void) {
        FILE *out = fopen("/origin.init", "we");

        if (out) {
                origin(out);
                fclose(out);
        }
}

static void tell_ready(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        const char *path = getenv("NOTIFY_SOCKET");
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (path && fd >= 0) {
                snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
                if (sendto(fd, "READY=1", 7, 0, (struct sockaddr *) &address, sizeof(address)) < 0) {
                        say_errno("notify");
                }
        }
        close(fd);
}

int main(void) {
        sigset_t all;

        write_origin();
        sigfillset(&all);
        sigdelset(&all, SIGCHLD);
        sigprocmask(SIG_BLOCK, &all, NULL);
        tell_ready();
        for (;;) {
                if (wait(NULL) < 0) {
                        pause();
                }
        }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tiny.c: init of the smallest tenant there is: says that it is ready, reaps, and ends when it is asked to halt. For attacks whose
 * tenants have nothing to do but to exist, which an emulated host starts in no time.
 */
#include "attack.h"
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void say_ready(void) {
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (!path || strlen(path) >= sizeof(address.sun_path)) {
                exit(ATTACK_BROKEN);
        }
        memcpy(address.sun_path, path, strlen(path));
        if (path[0] == '@') {
                address.sun_path[0] = '\0';
        }
        if (fd < 0 || sendto(fd, "READY=1", 7, 0, (struct sockaddr *) &address,
                             (socklen_t) (offsetof(struct sockaddr_un, sun_path) + strlen(path))) < 0) {
                broken("READY");
        }
        close(fd);
}

int main(void) {
        sigset_t signals;
        int signal;

        sigemptyset(&signals);
        sigaddset(&signals, SIGCHLD);
        sigaddset(&signals, SIGRTMIN + 3);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        say_ready();
        do {
                while (waitpid(-1, NULL, WNOHANG) > 0) {
                }
        } while (sigwait(&signals, &signal) == 0 && signal == SIGCHLD);
        return 0;
}

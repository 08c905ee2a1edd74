/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * payload.c: the init of the benchmarks, the same for every tool: its first act is to write CLOCK_MONOTONIC (nanoseconds) to
 * /started, then it says READY=1 when somebody listens, and waits to be told to halt. Static, no libc start-up to speak of.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static void write_time(void) {
        struct timespec t;
        char text[32];
        int fd;

        clock_gettime(CLOCK_MONOTONIC, &t);
        fd = open("/started", O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (fd >= 0) {
                snprintf(text, sizeof(text), "%lld\n", (long long) t.tv_sec * 1000000000 + t.tv_nsec);
                (void) !write(fd, text, strlen(text));
                close(fd);
        }
}

static void say_ready(void) {
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = path ? socket(AF_UNIX, SOCK_DGRAM, 0) : -1;

        if (fd >= 0) {
                strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
                (void) !sendto(fd, "READY=1", 7, 0, (struct sockaddr *) &address, sizeof(address));
        }
}

int main(int argc, char **argv) {
        sigset_t end;
        int signo;

        sigemptyset(&end);
        sigaddset(&end, SIGTERM);
        sigaddset(&end, SIGPWR);
        sigaddset(&end, SIGRTMIN + 3);
        sigprocmask(SIG_BLOCK, &end, NULL);
        write_time();
        say_ready();
        if (argc < 2) { /* with an argument: the time was all that was wanted */
                sigwait(&end, &signo);
        }
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * syscalls.c: a load of short system calls, where the cost of a filter shows most: files opened, read and closed, bytes through a
 * pipe, and the cheapest call there is. Prints nanoseconds per round of the mixed load and per getppid(2).
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MIXED 100000
#define CHEAP 400000

static double now_nsec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec * 1e9 + (double) t.tv_nsec;
}

static void mixed(const int pipe_fds[2]) {
        char buffer[512];
        struct stat st;
        int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

        if (fd < 0 || fstat(fd, &st) < 0 || read(fd, buffer, sizeof(buffer)) <= 0 || close(fd) < 0 ||
            write(pipe_fds[1], buffer, 64) != 64 || read(pipe_fds[0], buffer, 64) != 64 ||
            fcntl(pipe_fds[0], F_GETFD) < 0) {
                err(1, "mixed load");
        }
}

int main(void) {
        double begun, per_round, per_call;
        int fds[2];

        if (pipe(fds) < 0) {
                err(1, "pipe");
        }
        begun = now_nsec();
        for (int i = 0; i < MIXED; i++) {
                mixed(fds);
        }
        per_round = (now_nsec() - begun) / MIXED;
        begun = now_nsec();
        for (int i = 0; i < CHEAP; i++) {
                (void) syscall(SYS_getppid);
        }
        per_call = (now_nsec() - begun) / CHEAP;
        printf("%.1f %.1f\n", per_round, per_call);
        return 0;
}

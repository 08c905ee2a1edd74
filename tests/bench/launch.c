/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * launch.c: starts what a benchmark measures, as systemd would: enters a cgroup, notes the time, execs.
 *
 *   launch STAMP CGROUP SETTLE COMMAND...
 *     STAMP   file that gets CLOCK_MONOTONIC in nanoseconds, read right before the exec
 *     CGROUP  cgroup2 directory to enter, or "-"
 *     SETTLE  milliseconds between the two. 0 is what systemd does; the kernel's work for a move into a cgroup makes a
 *             second move within a grace period of RCU cheap, so that 0 and 50 are different questions.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void enter(const char *cgroup) {
        char path[512];
        int fd;

        snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, "0", 1) != 1) {
                err(125, "%s", path);
        }
        close(fd);
}

static void note_time(int fd) {
        struct timespec t;
        char text[32];

        clock_gettime(CLOCK_MONOTONIC, &t);
        snprintf(text, sizeof(text), "%lld\n", (long long) t.tv_sec * 1000000000 + t.tv_nsec);
        if (write(fd, text, strlen(text)) < 0) {
                err(125, "stamp");
        }
}

int main(int argc, char **argv) {
        struct timespec settle = { 0 };
        int fd;

        if (argc < 5) {
                errx(125, "usage: launch STAMP CGROUP SETTLE COMMAND...");
        }
        fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0) {
                err(125, "%s", argv[1]);
        }
        if (strcmp(argv[2], "-") != 0) {
                enter(argv[2]);
        }
        settle.tv_nsec = atol(argv[3]) * 1000000;
        nanosleep(&settle, NULL);
        note_time(fd);
        execvp(argv[4], argv + 4);
        err(125, "%s", argv[4]);
}

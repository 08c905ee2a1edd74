/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exchange.c: swaps names of a directory for one another, as fast as the kernel can, until it is told to end: what a tenant runs while
 * the host is expected to look at one of them, and then at the other.
 *
 *   exchange NAME OTHER [NAME OTHER...]     pairs, in turn; a name may be in several
 *
 * A pair of which one is missing is left for the next turn. Prints a line when it has begun, and last how often it swapped; what is
 * still there is then where it was. Ends by SIGTERM, or with its parent.
 */
#include "attack.h"
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile sig_atomic_t ended;

static void on_term(int signo) {
        ended = signo;
}

static bool swap(const char *name, const char *other) {
        return renameat2(AT_FDCWD, name, AT_FDCWD, other, RENAME_EXCHANGE) == 0;
}

static unsigned long swap_until_told(int n, char **names) {
        unsigned long all = 0, idle = 0;

        while (!ended) {
                const unsigned long before = all;

                for (int i = 0; i + 1 < n; i += 2) {
                        all += swap(names[i], names[i + 1]);
                }
                if (before == 0 && all > 0) {
                        say("begun");
                }
                /* Nothing of it is there any more: still until told, but not at the expense of all others. */
                idle = all > before ? 0 : idle + 1;
                if (idle > 1000) {
                        usleep(1000);
                }
        }
        return all;
}

static ino_t inode_of(const char *name) {
        struct stat st;

        return fstatat(AT_FDCWD, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : st.st_ino;
}

static void put_back(int n, char **names, const ino_t *inodes) {
        for (int i = 0; i < n; i++) {
                for (int j = 0; j < n && inodes[i] != 0 && inode_of(names[i]) != inodes[i]; j++) {
                        if (inode_of(names[j]) == inodes[i]) {
                                (void) swap(names[i], names[j]); /* gone meanwhile: then it stays so */
                        }
                }
        }
}

int main(int argc, char **argv) {
        const pid_t parent = getppid();
        const struct sigaction action = { .sa_handler = on_term };
        unsigned long all;
        ino_t *inodes;

        if (argc < 3 || argc % 2 == 0) {
                say("usage: exchange NAME OTHER [NAME OTHER...]");
                return ATTACK_BROKEN;
        }
        sigaction(SIGTERM, &action, NULL);
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent) {
                return ATTACK_BROKEN;
        }
        inodes = calloc((size_t) argc, sizeof(*inodes));
        for (int i = 1; i < argc; i++) {
                inodes[i] = inode_of(argv[i]);
        }
        all = swap_until_told(argc - 1, argv + 1);
        put_back(argc - 1, argv + 1, inodes + 1);
        free(inodes);
        say("%lu", all);
        return 0;
}

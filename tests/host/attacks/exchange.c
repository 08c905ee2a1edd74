/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exchange.c: swaps names of a directory for one another, as fast as the kernel can, until it is told to end: what a tenant runs while
 * the host is expected to look at one of them, and then at the other.
 *
 *   exchange [--beside DIRECTORY] NAME OTHER [NAME OTHER...]     pairs, in turn; at least one must be there to begin with
 *   exchange --once NAME OTHER
 *
 * With --beside the others are in DIRECTORY. A pair of which one is missing for a moment is left for the next turn; NAME is back where
 * it was when the program ends. Prints a line when it has begun, and last how often it swapped. Ends by SIGTERM, or with its parent.
 */
#include "attack.h"
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <unistd.h>

static volatile sig_atomic_t ended;

static void on_term(int signo) {
        ended = signo;
}

static unsigned long swap_until_told(int beside, int n, char **names) {
        unsigned long *turns = calloc((size_t) n / 2, sizeof(*turns)), all = 0, idle = 0;

        while (!ended) {
                bool swapped = false, first = all == 0;

                for (int i = 0; i < n / 2; i++) {
                        if (renameat2(AT_FDCWD, names[2 * i], beside, names[2 * i + 1], RENAME_EXCHANGE) ==
                            0) {
                                turns[i]++;
                                all++;
                                swapped = true;
                        }
                }
                if (swapped && first) {
                        say("begun");
                }
                /* Nothing of it is there any more: still until told, but not at the expense of all others. */
                idle = swapped ? 0 : idle + 1;
                if (idle > 1000) {
                        usleep(1000);
                }
        }
        for (int i = 0; i < n / 2; i++) {
                if (turns[i] % 2) {
                        (void) renameat2(AT_FDCWD, names[2 * i], beside, names[2 * i + 1], RENAME_EXCHANGE);
                }
        }
        free(turns);
        return all;
}

int main(int argc, char **argv) {
        const pid_t parent = getppid();
        struct sigaction action = { .sa_handler = on_term };
        int beside = AT_FDCWD;

        if (argc == 4 && strcmp(argv[1], "--once") == 0) {
                if (renameat2(AT_FDCWD, argv[2], AT_FDCWD, argv[3], RENAME_EXCHANGE) < 0) {
                        broken(argv[2]);
                }
                return 0;
        }
        if (argc > 3 && strcmp(argv[1], "--beside") == 0) {
                beside = open(argv[2], O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (beside < 0) {
                        broken(argv[2]);
                }
                argc -= 2;
                argv += 2;
        }
        if (argc < 3 || argc % 2 == 0) {
                say("usage: exchange [--beside DIRECTORY] NAME OTHER...");
                return ATTACK_BROKEN;
        }
        sigaction(SIGTERM, &action, NULL);
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent) {
                return ATTACK_BROKEN;
        }
        say("%lu", swap_until_told(beside, argc - 1, argv + 1));
        return 0;
}

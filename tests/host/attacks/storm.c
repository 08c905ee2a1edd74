/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * storm.c: processes that cannot be killed by their pids: each is replaced by its child before a signal can be sent to it, and ignores
 * those that can be ignored. Their number stays the same. In the background; ends by itself, or with its namespace.
 *
 *   storm CHAINS SECONDS
 */
#include "attack.h"
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static time_t now(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec;
}

_Noreturn static void chain(time_t end) {
        const struct timespec moment = {
                .tv_nsec = 300 * 1000
        }; /* their parent, an init, has to keep up with reaping */

        while (now() < end) {
                nanosleep(&moment, NULL);
                if (fork() > 0) {
                        _exit(0);
                }
        }
        _exit(0);
}

int main(int argc, char **argv) {
        const int chains = argc > 2 ? atoi(argv[1]) : 0;
        const time_t end = now() + (argc > 2 ? atoi(argv[2]) : 0);

        if (chains < 1) {
                fprintf(stderr, "usage: storm CHAINS SECONDS\n");
                return ATTACK_BROKEN;
        }
        prctl(PR_SET_TIMERSLACK, 1);
        for (int signo = 1; signo < NSIG; signo++) {
                signal(signo, SIG_IGN);
        }
        for (int i = 0; i < chains; i++) {
                if (fork() == 0) {
                        setsid();
                        chain(end);
                }
        }
        return 0;
}

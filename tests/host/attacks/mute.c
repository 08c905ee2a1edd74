/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mute.c: an init that does nothing, says nothing, and ignores every signal that can be ignored. */
#include <signal.h>
#include <unistd.h>

int main(void) {
        sigset_t all;

        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
        for (;;) {
                pause();
        }
}

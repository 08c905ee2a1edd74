/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mask.c: who looks behind a mask: writes back to a file what it reads there. Says nothing but by its status, since a runc that was led
 * astray may have made its output that file, too.
 *
 *   mask FILE
 */
#include "attack.h"
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv) {
        char text[4096];
        ssize_t n;
        int fd;

        if (argc != 2) {
                fprintf(stderr, "usage: mask FILE\n");
                return ATTACK_BROKEN;
        }
        fd = open(argv[1], O_RDWR | O_CLOEXEC);
        if (fd < 0) {
                return ATTACK_STOPPED;
        }
        n = read(fd, text, sizeof(text));
        return n > 0 && pwrite(fd, text, (size_t) n, 0) == n ? 0 : ATTACK_STOPPED;
}

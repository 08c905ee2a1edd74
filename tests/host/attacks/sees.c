/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sees.c: what of the host's a tenant has before its eyes.
 *
 *   sees TEXT PATH...     prints each PATH that is a file with TEXT in its first bytes, or a directory with a file called TEXT
 *
 * Opens nothing that could keep it waiting. Status 0 when there is one, 1 when there is none.
 */
#include "attack.h"
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

static bool sees(const char *text, const char *path) {
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        struct stat st;
        char data[4096];
        bool found = false;
        ssize_t n;

        if (fd < 0) {
                return false;
        }
        if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
                found = faccessat(fd, text, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
        } else if (S_ISREG(st.st_mode)) {
                n = read(fd, data, sizeof(data));
                found = n > 0 && memmem(data, (size_t) n, text, strlen(text));
        }
        close(fd);
        return found;
}

int main(int argc, char **argv) {
        int status = 1;

        for (int i = 2; i < argc; i++) {
                if (sees(argv[1], argv[i])) {
                        say("%s", argv[i]);
                        status = 0;
                }
        }
        return status;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nss-evil.c: a library that a tenant puts where glibc looks for users (nsswitch.conf: "passwd: evil"). Whoever looks one up with the
 * tenant's files around him loads it, and it writes down as whom it runs: to /evil, of the root that it sees.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void read_first_line(const char *path, char *text, size_t size) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);

        text[n > 0 ? n : 0] = '\0';
        text[strcspn(text, "\n")] = '\0';
        close(fd);
}

__attribute__((constructor)) static void loaded(void) {
        char map[128], text[256];
        int fd = open("/evil", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644), n;

        read_first_line("/proc/self/uid_map", map, sizeof(map));
        n = snprintf(text, sizeof(text), "euid %d in the map%s\n", geteuid(), map);
        if (fd >= 0) {
                (void) !write(fd, text, (size_t) n);
                close(fd);
        }
}

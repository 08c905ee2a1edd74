/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * origin.h: all that a program was born with and did not ask for, one thing per line: environment, descriptors, working directory,
 * signals, rank, keys. To be called first of all.
 */
#pragma once

#include "attack.h"
#include <dirent.h>
#include <linux/keyctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

static inline void origin_descriptors(FILE *out, int own) {
        DIR *dir = opendir("/proc/self/fd");
        struct dirent *e;

        while (dir && (e = readdir(dir))) {
                char target[256];
                int fd = atoi(e->d_name);
                ssize_t n;

                if (e->d_name[0] == '.' || fd == dirfd(dir) || fd == own) {
                        continue;
                }
                n = readlinkat(dirfd(dir), e->d_name, target, sizeof(target) - 1);
                target[n > 0 ? n : 0] = '\0';
                fprintf(out, "descriptor %d %s\n", fd, target);
        }
        if (dir) {
                closedir(dir);
        }
}

static inline void origin_lines(FILE *out, const char *path, const char *const *keys) {
        FILE *in = fopen(path, "re");
        char line[512];

        while (in && fgets(line, sizeof(line), in)) {
                for (size_t i = 0; keys[i]; i++) {
                        if (strncmp(line, keys[i], strlen(keys[i])) == 0) {
                                fputs(line, out);
                        }
                }
        }
        if (in) {
                fclose(in);
        }
}

/* The keys in the session keyring, by type and description. */
static inline void origin_keys(FILE *out) {
        int keys[64];
        char text[256];
        long n = syscall(SYS_keyctl, KEYCTL_READ, KEY_SPEC_SESSION_KEYRING, keys, sizeof(keys));

        for (long i = 0; i < n / (long) sizeof(keys[0]) && i < 64; i++) {
                if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, keys[i], text, sizeof(text)) > 0) {
                        fprintf(out, "key %s\n", text);
                }
        }
}

static inline void origin(FILE *out) {
        static const char *const status[] = { "SigIgn:", "SigBlk:", "Seccomp:", NULL };
        char text[512];

        origin_descriptors(out, fileno(out));
        for (char **e = environ; *e; e++) {
                fprintf(out, "environment %s\n", *e);
        }
        fprintf(out, "directory %s\n", getcwd(text, sizeof(text)) ? text : "?");
        origin_lines(out, "/proc/self/status", status);
        fprintf(out, "nice %d\n", getpriority(PRIO_PROCESS, 0));
        origin_keys(out);
        fflush(out);
}

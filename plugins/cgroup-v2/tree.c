/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tree.c: the plain handling of cgroup directories. Refuses to wait longer than five seconds and to hold
 * more than two descriptors, however deep a tenant nested his cgroups. Owned by cgroup-v2.
 */
#include "v2.h"
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void close_p(int *fd) {
        if (*fd >= 0) {
                close(*fd);
        }
}

int cgroup_write(int dir_fd, const char *file, const char *text) {
        __attribute__((cleanup(close_p))) int fd = openat(dir_fd, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

        if (fd < 0) {
                return -errno;
        }
        return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* From the start of an open file; cgroup files are made anew at offset 0. */
static int read_start(int fd, char *ret, size_t size) {
        size_t used = 0;

        while (used < size - 1) {
                ssize_t n = pread(fd, ret + used, size - 1 - used, (off_t) used);

                if (n < 0 && errno == EINTR) {
                        continue;
                }
                if (n < 0) {
                        return -errno;
                }
                if (n == 0) {
                        break;
                }
                used += (size_t) n;
        }
        ret[used] = '\0';
        return 0;
}

int cgroup_read(int dir_fd, const char *file, char *ret, size_t size) {
        __attribute__((cleanup(close_p))) int fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

        return fd < 0 ? -errno : read_start(fd, ret, size);
}

bool cgroup_keyed(const char *text, const char *key, uint64_t *ret) {
        size_t size = strlen(key);

        for (const char *line = text; line && *line; line = strchr(line, '\n')) {
                line += *line == '\n';
                if (strncmp(line, key, size) == 0 && line[size] == ' ') {
                        *ret = strtoull(line + size + 1, NULL, 10);
                        return true;
                }
        }
        return false;
}

bool cgroup_list_has(const char *list, const char *word) {
        size_t size = strlen(word);

        for (const char *p = list; *p; p += strcspn(p, " \n")) {
                p += strspn(p, " \n");
                if (strncmp(p, word, size) == 0 && (p[size] == '\0' || p[size] == ' ' || p[size] == '\n')) {
                        return true;
                }
        }
        return false;
}

static uint64_t now_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000u + (uint64_t) t.tv_nsec / 1000u;
}

int cgroup_wait_event(int dir_fd, const char *key, uint64_t value) {
        __attribute__((cleanup(close_p))) int fd =
                openat(dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        const uint64_t end = now_usec() + WAIT_USEC;

        if (fd < 0) {
                return -errno;
        }
        for (;;) {
                struct pollfd wait = { .fd = fd, .events = POLLPRI };
                char text[256];
                uint64_t found = 0, now;
                int r = read_start(fd, text, sizeof(text));

                if (r < 0) {
                        return r;
                }
                if (cgroup_keyed(text, key, &found) && found == value) {
                        return 0;
                }
                now = now_usec();
                if (now >= end) {
                        return -ETIMEDOUT;
                }
                if (poll(&wait, 1, (int) ((end - now) / 1000u + 1)) < 0 && errno != EINTR) {
                        return -errno;
                }
        }
}

int cgroup_kill(int dir_fd) {
        return cgroup_write(dir_fd, "cgroup.kill", "1");
}

/* What one pass over a directory's children came to. */
struct pass {
        ino_t stuck; /* the child that was empty of cgroups when we left it; must go now */
        char descend[256]; /* a child with children of its own; empty: all children are gone */
        ino_t descend_inode;
        int error;
};

static bool is_child(const struct dirent *e) {
        return e->d_type == DT_DIR && strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

/* Removes the children that have none; the first that cannot be removed is where to go next. */
static void remove_children(int dir_fd, struct pass *pass) {
        int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *d = fd < 0 ? NULL : fdopendir(fd);

        pass->descend[0] = '\0';
        pass->error = d ? 0 : -errno;
        if (!d) {
                close_p(&fd);
                return;
        }
        for (struct dirent *e = readdir(d); e && !pass->error; e = readdir(d)) {
                if (!is_child(e) || unlinkat(dir_fd, e->d_name, AT_REMOVEDIR) == 0 || errno == ENOENT) {
                        continue;
                }
                if ((errno != EBUSY && errno != ENOTEMPTY) || e->d_ino == pass->stuck) {
                        pass->error = -errno;
                } else {
                        snprintf(pass->descend, sizeof(pass->descend), "%s", e->d_name);
                        pass->descend_inode = e->d_ino;
                        break;
                }
        }
        closedir(d);
}

/* Empties the directory bottom-up. Takes over dir_fd. Nobody can rename a cgroup, so ".." is where we came
 * from. */
static int remove_below(int dir_fd) {
        __attribute__((cleanup(close_p))) int at = dir_fd;
        struct pass pass = { 0 };
        uint64_t depth = 0;

        for (;;) {
                const char *where = "..";
                int next;

                remove_children(at, &pass);
                if (pass.error < 0) {
                        return pass.error;
                }
                if (pass.descend[0]) {
                        where = pass.descend;
                        depth++;
                } else if (depth == 0) {
                        return 0;
                } else {
                        depth--;
                }
                pass.stuck = pass.descend_inode;
                next = openat(at, where, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
                if (next < 0) {
                        return -errno;
                }
                close(at);
                at = next;
        }
}

int cgroup_remove(int dir_fd, const char *name) {
        int fd, r;

        if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT) {
                return 0;
        }
        fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0) {
                return errno == ENOENT ? 0 : -errno;
        }
        r = cgroup_kill(fd);
        if (r >= 0) {
                r = cgroup_wait_event(fd, "populated", 0);
        }
        if (r < 0) {
                close(fd);
                return r;
        }
        r = remove_below(fd);
        if (r < 0) {
                return r;
        }
        return unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tree.c: see tree.h. The tree may be of a hostile owner: any names, any depth, links to anywhere, device
 * nodes. Refuses to follow a link, to cross a mount, to go up by "..", and to spend stack or descriptors by
 * depth. Owned by agent/tenant.
 */
#include "tree.h"
#include "cleanup.h"
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

/* Passes over one directory that find entries again and again although each pass removes all it sees. */
#define PASSES_MAX 1000000u

struct removal {
        int top_fd;
        uint64_t moved; /* for the names of what is moved up */
};

static int open_directory(int dir_fd, const char *name) {
        struct open_how how = {
                .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
        };
        long fd;

        do {
                fd = syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));
        } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
        return fd < 0 ? -errno : (int) fd;
}

/* Takes fd over in any case. */
static int open_stream(int fd, DIR **ret) {
        *ret = fdopendir(fd);
        if (!*ret) {
                int r = -errno;

                (void) fd_close(fd); /* returns -1 always */
                return r;
        }
        return 0;
}

/* Removes what needs no look inside. 1: a directory that is not empty, or what somebody has just put in the place of one. */
static int remove_simple(int dir_fd, const char *name) {
        if (unlinkat(dir_fd, name, 0) >= 0 || errno == ENOENT) {
                return 0;
        }
        if (errno == EISDIR) {
                if (unlinkat(dir_fd, name, AT_REMOVEDIR) >= 0 || errno == ENOENT) {
                        return 0;
                }
                if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR) {
                        return 1;
                }
        }
        return errno == EBUSY ? -EXDEV : -errno; /* busy: something is mounted on it */
}

static int move_up(struct removal *t, int dir_fd, const char *name) {
        char unique[40];

        do {
                snprintf(unique, sizeof(unique), ".%llu.up", (unsigned long long) t->moved++);
                if (renameat2(dir_fd, name, t->top_fd, unique, RENAME_NOREPLACE) >= 0) {
                        return 0;
                }
        } while (errno == EEXIST);
        return errno == EBUSY ? -EXDEV : -errno;
}

static bool is_self_or_parent(const char *name) {
        return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Empties a directory two levels below the caller's: what is nested deeper goes up to the top. */
static int empty_child(struct removal *t, const char *child) {
        _cleanup_closedir_ DIR *dir = NULL;
        int r = open_directory(t->top_fd, child);

        if (r == -ELOOP || r == -ENOTDIR || r == -ENOENT) {
                return 0; /* something else is there by now: the next pass sees what */
        }
        if (r >= 0) {
                r = open_stream(r, &dir);
        }
        if (r < 0) {
                return r;
        }
        for (struct dirent *e; (errno = 0, e = readdir(dir));) {
                if (is_self_or_parent(e->d_name)) {
                        continue;
                }
                r = remove_simple(dirfd(dir), e->d_name);
                if (r > 0) {
                        r = move_up(t, dirfd(dir), e->d_name);
                }
                if (r < 0) {
                        return r;
                }
        }
        return -errno;
}

/* One pass over the top directory. 1: there were entries, look again; 0: it is empty. */
static int empty_pass(struct removal *t, DIR *dir) {
        int found = 0;

        rewinddir(dir);
        for (struct dirent *e; (errno = 0, e = readdir(dir));) {
                int r;

                if (is_self_or_parent(e->d_name)) {
                        continue;
                }
                found = 1;
                r = remove_simple(t->top_fd, e->d_name);
                if (r > 0) {
                        r = empty_child(t, e->d_name);
                }
                if (r < 0) {
                        return r;
                }
        }
        return errno != 0 ? -errno : found;
}

int tree_remove(int dir_fd, const char *name) {
        _cleanup_closedir_ DIR *dir = NULL;
        struct removal t = { .top_fd = -1 };
        int r = remove_simple(dir_fd, name);

        if (r <= 0) {
                return r;
        }
        r = open_directory(dir_fd, name);
        if (r >= 0) {
                r = open_stream(r, &dir);
        }
        if (r < 0) {
                return r;
        }
        t.top_fd = dirfd(dir);
        for (unsigned passes = 0; (r = empty_pass(&t, dir)) > 0; passes++) {
                if (passes == PASSES_MAX) {
                        return -ELOOP;
                }
        }
        if (r < 0) {
                return r;
        }
        r = remove_simple(dir_fd, name);
        return r > 0 ? -ELOOP : r;
}

int tree_remove_suffix(int dir_fd, const char *suffix) {
        _cleanup_closedir_ DIR *dir = NULL;
        int r = open_directory(dir_fd, "."), first_error = 0;
        size_t n = strlen(suffix);

        if (r >= 0) {
                r = open_stream(r, &dir);
        }
        if (r < 0) {
                return r;
        }
        for (struct dirent *e; (errno = 0, e = readdir(dir));) {
                size_t length = strlen(e->d_name);

                if (e->d_name[0] != '.' || length <= n + 1 || strcmp(e->d_name + length - n, suffix) != 0) {
                        continue;
                }
                r = tree_remove(dirfd(dir), e->d_name);
                if (r < 0 && first_error == 0) {
                        first_error = r;
                }
        }
        return first_error ? first_error : -errno;
}

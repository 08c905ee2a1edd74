/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* io.c: see io.h. Never blocks on what is not a regular file, never reads without a bound. */
#include "io.h"
#include "fd.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int fd_read_all(int fd, size_t limit, char **ret, size_t *ret_size) {
        size_t size = 0, room = limit < 4096 ? limit + 1 : 4096;
        _cleanup_free_ char *data = malloc(room + 1);

        if (!data) {
                return -ENOMEM;
        }
        for (;;) {
                ssize_t n = read(fd, data + size, room - size);

                if (n < 0 && errno == EINTR) {
                        continue;
                }
                if (n < 0) {
                        return -errno;
                }
                if (n == 0) {
                        break;
                }
                size += (size_t) n;
                if (size > limit) {
                        return -EFBIG;
                }
                if (size == room) {
                        char *more;

                        room = room > limit / 2 ? limit + 1 : room * 2;
                        more = realloc(data, room + 1);
                        if (!more) {
                                return -ENOMEM;
                        }
                        data = more;
                }
        }
        data[size] = '\0';
        *ret = TAKE_PTR(data);
        if (ret_size) {
                *ret_size = size;
        }
        return 0;
}

int file_read(int dir_fd, const char *path, size_t limit, char **ret, size_t *ret_size) {
        _cleanup_close_ int fd = -1;
        struct stat st;

        if (dir_fd == AT_FDCWD) {
                fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
                if (fd < 0) {
                        return -errno;
                }
        } else {
                fd = open_beneath(dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
                if (fd < 0) {
                        return fd;
                }
        }
        if (fstat(fd, &st) < 0) {
                return -errno;
        }
        if (!S_ISREG(st.st_mode)) {
                return -EBADFD;
        }
        return fd_read_all(fd, limit, ret, ret_size);
}

int fd_write_all(int fd, const void *data, size_t size) {
        const char *p = data;

        while (size > 0) {
                ssize_t n = write(fd, p, size);

                if (n < 0 && errno == EINTR) {
                        continue;
                }
                if (n < 0) {
                        return -errno;
                }
                p += n;
                size -= (size_t) n;
        }
        return 0;
}

int file_write_at(int dir_fd, const char *path, const char *text) {
        _cleanup_close_ int fd = -1;
        size_t size = strlen(text);

        if (dir_fd == AT_FDCWD) {
                fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
                if (fd < 0) {
                        return -errno;
                }
        } else {
                fd = open_beneath(dir_fd, path, O_WRONLY | O_NONBLOCK | O_NOCTTY, 0);
                if (fd < 0) {
                        return fd;
                }
        }
        ssize_t n = write(fd, text, size);
        if (n < 0) {
                return -errno;
        }
        return (size_t) n == size ? 0 : -EIO;
}

static int write_temporary(int dir_fd, const char *name, mode_t mode, const void *data, size_t size) {
        _cleanup_close_ int fd = -1;
        int r;

        fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0) {
                return -errno;
        }
        if (fchmod(fd, mode) < 0) {
                return -errno;
        }
        r = fd_write_all(fd, data, size);
        if (r < 0) {
                return r;
        }
        return fsync(fd) < 0 ? -errno : 0;
}

static int parent_open(int dir_fd, const char *path) {
        const char *slash = strrchr(path, '/');
        _cleanup_free_ char *above = slash ? strndup(path, (size_t) (slash - path)) : strdup(".");

        return above ? open_beneath(dir_fd, above, O_RDONLY | O_DIRECTORY, 0) : -ENOMEM;
}

enum {
        PUT_NEW = 1 << 0, /* never in the place of another */
        PUT_NAME = 1 << 1, /* the name is as durable as what is in it */
};

static int file_put_atomic(int dir_fd, const char *path, mode_t mode, const void *data, size_t size,
                           unsigned flags) {
        _cleanup_close_ int parent = parent_open(dir_fd, path);
        const char *slash = strrchr(path, '/');
        const char *base = slash ? slash + 1 : path;
        char temporary[300];
        int r;

        if (parent < 0) {
                return parent;
        }
        if (snprintf(temporary, sizeof(temporary), ".%s.%d.tmp", base, getpid()) >=
            (int) sizeof(temporary)) {
                return -ENAMETOOLONG;
        }
        (void) unlinkat(parent, temporary, 0); /* left by a process of the same pid that was killed */
        r = write_temporary(parent, temporary, mode, data, size);
        if (r >= 0 &&
            renameat2(parent, temporary, parent, base, flags & PUT_NEW ? RENAME_NOREPLACE : 0) < 0) {
                r = -errno;
        }
        if (r < 0) {
                (void) unlinkat(parent, temporary, 0); /* the error that counts is r */
                return r;
        }
        return flags & PUT_NAME && fsync(parent) < 0 ? -errno : 0;
}

/* ".NAME.PID.tmp", as file_put_atomic makes it: the process; 0: it is something else. */
static pid_t temporary_writer(const char *name) {
        const char *end = strrchr(name, '.'), *p = end;
        pid_t pid = 0;

        if (name[0] != '.' || end == name || strcmp(end, ".tmp") != 0) {
                return 0;
        }
        while (p > name && p[-1] >= '0' && p[-1] <= '9') {
                p--;
        }
        if (p <= name + 1 || p[-1] != '.' || end - p > 9) {
                return 0;
        }
        while (p < end) {
                pid = pid * 10 + (*p++ - '0');
        }
        return pid;
}

int file_sweep(int dir_fd) {
        _cleanup_close_ int fd = open_beneath(dir_fd, ".", O_RDONLY | O_DIRECTORY, 0);
        _cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        struct dirent *e;

        if (!dir) {
                return fd < 0 ? fd : -errno;
        }
        dir_fd = TAKE_FD(fd); /* dir's */
        while ((errno = 0, e = readdir(dir))) {
                pid_t writer = temporary_writer(e->d_name);

                if (writer > 0 && kill(writer, 0) < 0 && errno == ESRCH &&
                    unlinkat(dir_fd, e->d_name, 0) < 0) {
                        return -errno;
                }
        }
        return -errno;
}

int file_replace_atomic(int dir_fd, const char *path, mode_t mode, const void *data, size_t size) {
        return file_put_atomic(dir_fd, path, mode, data, size, PUT_NAME);
}

int file_create_atomic(int dir_fd, const char *path, mode_t mode, const void *data, size_t size) {
        return file_put_atomic(dir_fd, path, mode, data, size, PUT_NEW | PUT_NAME);
}

int file_create_ordered(int dir_fd, const char *path, mode_t mode, const void *data, size_t size) {
        return file_put_atomic(dir_fd, path, mode, data, size, PUT_NEW);
}

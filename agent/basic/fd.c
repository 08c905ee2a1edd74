/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fd.c: see fd.h. Refuses to follow any link below a directory that somebody else can write. */
#include "fd.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

int fd_close(int fd) {
        if (fd >= 0) {
                int saved = errno;

                close(fd);
                errno = saved;
        }
        return -1;
}

int open_beneath(int dir_fd, const char *path, int flags, mode_t mode) {
        struct open_how how = {
                .flags = (uint64_t) flags | O_CLOEXEC,
                .mode = flags & (O_CREAT | O_TMPFILE) ? mode : 0,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };
        long fd;

        do {
                fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
        } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
        return fd < 0 ? -errno : (int) fd;
}

int mkdir_open_beneath(int dir_fd, const char *path, mode_t mode) {
        const char *slash = strrchr(path, '/');
        _cleanup_close_ int parent = -1;
        _cleanup_free_ char *above = NULL;

        if (!slash) {
                if (mkdirat(dir_fd, path, mode) < 0 && errno != EEXIST) {
                        return -errno;
                }
                return open_beneath(dir_fd, path, O_PATH | O_DIRECTORY, 0);
        }
        above = strndup(path, (size_t) (slash - path));
        if (!above) {
                return -ENOMEM;
        }
        parent = open_beneath(dir_fd, above, O_PATH | O_DIRECTORY, 0);
        if (parent < 0) {
                return parent;
        }
        return mkdir_open_beneath(parent, slash + 1, mode);
}

int mkdir_parents(const char *path, mode_t mode) {
        _cleanup_free_ char *copy = strdup(path);

        if (!copy) {
                return -ENOMEM;
        }
        for (char *p = copy + 1; *p; p++) {
                if (*p == '/') {
                        *p = '\0';
                        if (mkdir(copy, 0755) < 0 && errno != EEXIST) {
                                return -errno;
                        }
                        *p = '/';
                }
        }
        return mkdir(copy, mode) < 0 && errno != EEXIST ? -errno : 0;
}

int pidfd_open_cloexec(pid_t pid) {
        long fd = syscall(SYS_pidfd_open, pid, 0); /* close-on-exec by definition */

        return fd < 0 ? -errno : (int) fd;
}

int pidfd_kill(int pidfd, int signo) {
        return syscall(SYS_pidfd_send_signal, pidfd, signo, NULL, 0) < 0 ? -errno : 0;
}

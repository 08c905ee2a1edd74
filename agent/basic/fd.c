/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fd.c: see fd.h. Refuses to follow any link below a directory that somebody else can write. */
#include "fd.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
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

int fd_send(int socket_fd, int fd) {
        char byte = 0;
        struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = { .header = {
                              .cmsg_len = CMSG_LEN(sizeof(int)),
                              .cmsg_level = SOL_SOCKET,
                              .cmsg_type = SCM_RIGHTS,
                      } };
        struct msghdr message = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };

        memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
        return sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int fd_receive(int socket_fd) {
        char byte;
        struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control;
        struct msghdr message = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };
        ssize_t n;
        int fd;

        do {
                n = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC);
        } while (n < 0 && errno == EINTR);
        if (n < 0) {
                return -errno;
        }
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        if (n == 0 || !c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(int))) {
                return -ENODATA;
        }
        memcpy(&fd, CMSG_DATA(c), sizeof(int));
        return fd;
}

int pidfd_open_cloexec(pid_t pid) {
        long fd = syscall(SYS_pidfd_open, pid, 0); /* close-on-exec by definition */

        return fd < 0 ? -errno : (int) fd;
}

int pidfd_kill(int pidfd, int signo) {
        return syscall(SYS_pidfd_send_signal, pidfd, signo, NULL, 0) < 0 ? -errno : 0;
}

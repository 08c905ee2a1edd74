/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * naive-notify.c: preloaded into tenant-run by the suite's switch naive-notify: a proxy without a filter in the place of ours. What
 * comes from the tenant is taken with its descriptors, passed on to the host's systemd as it is, and the descriptors are closed.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

__attribute__((visibility("default"))) ssize_t recvmsg(int fd, struct msghdr *header, int flags);
__attribute__((visibility("default"))) ssize_t recv(int fd, void *data, size_t size, int flags);

static int taken;

static void pass_on(const void *data, size_t size, const struct msghdr *from) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        struct iovec iov = { .iov_base = (void *) data, .iov_len = size };
        struct msghdr header = {
                .msg_name = &address, .msg_namelen = sizeof(address), .msg_iov = &iov, .msg_iovlen = 1
        };
        const char *path = getenv("NOTIFY_SOCKET");
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (path && fd >= 0) {
                strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
                for (struct cmsghdr *c = CMSG_FIRSTHDR(from); c;
                     c = CMSG_NXTHDR((struct msghdr *) from, c)) {
                        if (c->cmsg_type == SCM_RIGHTS && memmem(data, size, "FDSTORE", 7)) {
                                header.msg_control = c;
                                header.msg_controllen = c->cmsg_len;
                        }
                }
                (void) !sendmsg(fd, &header, MSG_NOSIGNAL);
        }
        close(fd);
}

static void close_all(const struct msghdr *header) {
        for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR((struct msghdr *) header, c)) {
                if (c->cmsg_type == SCM_RIGHTS) {
                        const int *fds = (const int *) CMSG_DATA(c);

                        for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
                                close(fds[i]);
                        }
                }
        }
}

/* The peek of ours takes the whole datagram. */
ssize_t recvmsg(int fd, struct msghdr *header, int flags) {
        char control[4096] __attribute__((aligned(8)));
        struct msghdr all = *header;
        ssize_t n;

        if (!(flags & MSG_PEEK)) {
                return syscall(SYS_recvmsg, fd, header, flags);
        }
        all.msg_control = control;
        all.msg_controllen = sizeof(control);
        n = syscall(SYS_recvmsg, fd, &all, flags & ~MSG_PEEK);
        if (n >= 0) {
                taken = 1;
                pass_on(all.msg_iov[0].iov_base, (size_t) n, &all);
                close_all(&all);
                header->msg_controllen = 0;
                header->msg_flags = 0;
        }
        return n;
}

ssize_t recv(int fd, void *data, size_t size, int flags) {
        if (taken && size == 0) {
                taken = 0;
                return 0;
        }
        return syscall(SYS_recvfrom, fd, data, size, flags, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* control.c: see control.h. Only the project's own code is at the other end: the child's copy closes when init is exec'ed. */
#include "control.h"
#include <sys/socket.h>

int control_send(int socket_fd, const ControlMessage *message, int fd) {
        struct iovec iov = { .iov_base = (void *) message, .iov_len = sizeof(*message) };
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
                                  .cmsg_level = SOL_SOCKET,
                                  .cmsg_type = SCM_RIGHTS } };
        struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };

        if (fd >= 0) {
                memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
                header.msg_control = &control;
                header.msg_controllen = sizeof(control);
        }
        return sendmsg(socket_fd, &header, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int control_receive(int socket_fd, ControlMessage *ret, int *ret_fd) {
        struct iovec iov = { .iov_base = ret, .iov_len = sizeof(*ret) };
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control;
        struct msghdr header = {
                .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
        };
        ssize_t n = recvmsg(socket_fd, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        struct cmsghdr *c;

        *ret_fd = -1;
        if (n <= 0) {
                return n < 0 ? -errno : 0;
        }
        c = CMSG_FIRSTHDR(&header);
        if (c && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int))) {
                memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
        }
        return n == (ssize_t) sizeof(*ret) ? 1 : -EBADMSG;
}

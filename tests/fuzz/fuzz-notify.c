/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-notify.c: datagrams on a tenant's notify socket. The first byte of the input says who sends (1: init) and whether a descriptor
 * comes along (2). Only READY, STOPPING and a printable STATUS of init come through, and only when init said so. Owned by tests/fuzz.
 */
#include "fuzz.h"
#include "notify.h"
#include <errno.h>
#include <sys/socket.h>

/* A whole line of the text. */
static bool has_line(const char *text, const char *line) {
        size_t n = strlen(line);

        for (const char *p = text; (p = strstr(p, line)); p++) {
                if ((p == text || p[-1] == '\n') && (p[n] == '\n' || p[n] == '\0')) {
                        return true;
                }
        }
        return false;
}

static void check_news(const NotifyNews *news, const char *text, bool from_init) {
        property(!news->ready || (from_init && has_line(text, "READY=1")));
        property(!news->stopping || (from_init && has_line(text, "STOPPING=1")));
        property(!news->status[0] || (from_init && strstr(text, "STATUS=")));
        property(memchr(news->status, 0, sizeof(news->status)));
        for (const char *p = news->status; *p; p++) {
                property(*p >= 0x20 && *p < 0x7F);
        }
}

static void post(int fd, const uint8_t *data, size_t size, bool with_descriptor) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = { .header = { .cmsg_level = SOL_SOCKET,
                                  .cmsg_type = SCM_RIGHTS,
                                  .cmsg_len = CMSG_LEN(sizeof(int)) } };
        struct iovec iov = { .iov_base = (void *) data, .iov_len = size };
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

        if (with_descriptor) {
                memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
                m.msg_control = &control;
                m.msg_controllen = sizeof(control);
        }
        property(sendmsg(fd, &m, 0) == (ssize_t) size);
}

static void open_pair(int pair[static 2]) {
        const int one = 1;

        property(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) == 0);
        property(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        bool from_init = size && data[0] & 1, with_descriptor = size && data[0] & 2;
        _cleanup_free_ char *text = size ? strndup((const char *) data + 1, size - 1) : NULL;
        static int pair[2] = { -1, -1 };
        NotifyNews news;
        int r;

        if (!text || size > 65536) {
                return 0;
        }
        if (pair[0] < 0) {
                open_pair(pair);
        }
        post(pair[0], data + 1, size - 1, with_descriptor);
        r = notify_receive(pair[1], from_init ? getpid() : getpid() + 1, &news);
        check_news(&news, text, from_init && !with_descriptor);
        if (with_descriptor) {
                property(r == -EPERM);
                (void) fd_close(pair[0]);
                (void) fd_close(pair[1]);
                open_pair(pair);
        } else {
                property(r == (news.ready || news.stopping || news.status[0]));
                property(notify_receive(pair[1], getpid(), &news) ==
                         -EAGAIN); /* it was taken, whatever it was */
        }
        return 0;
}

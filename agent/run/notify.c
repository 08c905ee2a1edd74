/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * notify.c: see notify.h. Refuses what a tenant has no business to say to the host's systemd (MAINPID=, FDSTORE=, WATCHDOG=,
 * BARRIER= …): only READY, STOPPING and a cleaned STATUS of the process that the kernel says is the tenant's init pass. Refuses to
 * take, or just to drop, descriptors: the last close of a tenant's file may wait as long as the tenant likes (a TCP socket that
 * lingers, a file system of its own), and one that lies in a queue of ours can keep the tenant itself from dying.
 */
#include "notify.h"
#include "paths.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static int address_of(const char *path, struct sockaddr_un *ret, socklen_t *ret_size) {
        size_t length = strlen(path);

        if (length == 0 || length >= sizeof(ret->sun_path)) {
                return -EINVAL;
        }
        *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
        memcpy(ret->sun_path, path, length);
        *ret_size = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length + (path[0] == '@' ? 0 : 1));
        if (path[0] == '@') {
                ret->sun_path[0] = '\0';
        }
        return 0;
}

static void tell(const char *path, const char *text, int flags) {
        struct sockaddr_un address;
        _cleanup_close_ int fd = -1;
        socklen_t size;

        if (address_of(path, &address, &size) < 0) {
                return;
        }
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd >= 0) {
                (void) sendto(fd, text, strlen(text), MSG_NOSIGNAL | flags, (struct sockaddr *) &address,
                              size); /* nothing to do about a failure, see the callers */
        }
}

void notify_systemd(const char *text) {
        const char *path = getenv("NOTIFY_SOCKET");

        if (path) {
                tell(path, text, 0); /* not heard: systemd takes the start for timed out and says so */
        }
}

void notify_machines(const char *name) {
        tell(path_get(PATH_MACHINES), name, MSG_DONTWAIT); /* not heard: it looks around before it ends */
}

int notify_listen(const char *path) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct sockaddr_un address;
        const int one = 1;
        socklen_t size;
        mode_t mask;
        int r;

        if (fd < 0) {
                return -errno;
        }
        r = address_of(path, &address, &size);
        if (r < 0) {
                return r;
        }
        if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)) < 0) {
                return -errno;
        }
        mask = umask(0177);
        r = bind(fd, (struct sockaddr *) &address, size) < 0 ? -errno : 0;
        if (r == -EADDRINUSE && unlink(path) == 0) { /* left by an earlier run */
                r = bind(fd, (struct sockaddr *) &address, size) < 0 ? -errno : 0;
        }
        umask(mask);
        return r < 0 ? r : TAKE_FD(fd);
}

static void copy_status(const char *from, char to[static 160]) {
        size_t n = 0;

        for (; *from && n < 159; from++) {
                if (*from >= 0x20 && *from < 0x7F) {
                        to[n++] = *from;
                }
        }
        to[n] = '\0';
}

/* 1: text is a whole datagram of init's, of which nothing was taken yet; 0: it is nothing to us. */
static int peek(int fd, pid_t init, char *text, size_t size) {
        struct iovec iov = { .iov_base = text, .iov_len = size - 1 };
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(struct ucred))]; /* and not for a descriptor */
        } control;
        struct msghdr header = {
                .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
        };
        const struct cmsghdr *c;
        struct ucred sender;
        ssize_t n = recvmsg(fd, &header, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

        if (n < 0) {
                return -errno;
        }
        if (header.msg_flags & MSG_CTRUNC) {
                return -EPERM;
        }
        c = CMSG_FIRSTHDR(&header);
        if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS ||
            c->cmsg_len != CMSG_LEN(sizeof(sender)) || (header.msg_flags & MSG_TRUNC)) {
                return 0;
        }
        memcpy(&sender, CMSG_DATA(c), sizeof(sender));
        text[n] = '\0';
        return init > 0 && sender.pid == init;
}

int notify_receive(int fd, pid_t init, NotifyNews *ret) {
        char text[2048], *save = NULL;
        int r = peek(fd, init, text, sizeof(text));

        *ret = (NotifyNews){ 0 };
        if (r < 0) {
                return r;
        }
        if (recv(fd, NULL, 0, MSG_DONTWAIT) < 0) {
                return -errno;
        }
        if (r == 0) {
                return 0;
        }
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                ret->ready = ret->ready || strcmp(line, "READY=1") == 0;
                ret->stopping = ret->stopping || strcmp(line, "STOPPING=1") == 0;
                if (strncmp(line, "STATUS=", 7) == 0) {
                        copy_status(line + 7, ret->status);
                }
        }
        return ret->ready || ret->stopping || ret->status[0];
}

/* The kernel does not let the end of a process wait for what closing waits for: so a process ends with it. */
pid_t notify_close(int fd) {
        int pair[2];
        pid_t pid;
        char byte;

        if (pipe2(pair, O_CLOEXEC) < 0) {
                return -errno;
        }
        pid = fork();
        if (pid == 0) {
                (void) fd_close(pair[1]);
                (void) !read(pair[0], &byte, 1); /* until ours is the last one */
                _exit(EXIT_SUCCESS);
        }
        if (pid < 0) {
                pid = -errno;
        } else {
                (void) fd_close(fd);
        }
        (void) fd_close(pair[0]);
        (void) fd_close(pair[1]);
        return pid;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* raw.c: see raw.h. Owned by tests/bus. */
#include "raw.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#define IN_MAX (128u << 20)
#define FDS_MAX 64u
#define OPEN_MSEC 20000
#define HEADER_MIN 16u /* D-Bus specification, Message Format */

static int64_t now_msec(void) {
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

static bool wait_for(int fd, short events, int64_t until) {
        struct pollfd p = { .fd = fd, .events = events };
        int64_t left = until - now_msec();

        return left > 0 && poll(&p, 1, (int) left) > 0;
}

static int connect_to(const char *bus_path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        snprintf(address.sun_path, sizeof(address.sun_path), "%s", bus_path);
        if (fd >= 0 && connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
                close(fd);
                return -1;
        }
        return fd;
}

/* Waits for more bytes; false: none came, or the other side is gone. */
static bool fill(Raw *r, int64_t until, bool *ret_gone) {
        char *more = r->n_in < IN_MAX ? realloc(r->in, r->n_in + 65536) : NULL;
        ssize_t n;

        if (!more || (r->in = more, !wait_for(r->fd, POLLIN, until))) {
                return false;
        }
        n = recv(r->fd, r->in + r->n_in, 65536, 0);
        if (n <= 0) {
                *ret_gone = n == 0 || (errno != EAGAIN && errno != EINTR);
                return n < 0 && !*ret_gone;
        }
        r->n_in += (size_t) n;
        return true;
}

static void drop(Raw *r, size_t n) {
        memmove(r->in, r->in + n, r->n_in - n);
        r->n_in -= n;
}

/* True when the next line begins with this word. */
static bool read_line(Raw *r, const char *word, int64_t until) {
        bool gone = false, right;
        char *end;

        while (!(end = r->n_in > 1 ? memmem(r->in, r->n_in, "\r\n", 2) : NULL)) {
                if (!fill(r, until, &gone)) {
                        return false;
                }
        }
        right = r->n_in >= strlen(word) && memcmp(r->in, word, strlen(word)) == 0;
        drop(r, (size_t) (end - r->in) + 2);
        return right;
}

static bool authenticate(Raw *r, const char *uid) {
        int64_t until = now_msec() + OPEN_MSEC;
        char line[128] = "AUTH EXTERNAL ";
        size_t n = strlen(line);

        for (; *uid && n < sizeof(line) - 8; uid++) {
                n += (size_t) snprintf(line + n, sizeof(line) - n, "%02x", (unsigned char) *uid);
        }
        snprintf(line + n, sizeof(line) - n, "\r\n");
        return raw_write(r, "", 1, OPEN_MSEC) && raw_write(r, line, strlen(line), OPEN_MSEC) &&
               read_line(r, "OK", until) && raw_write(r, "NEGOTIATE_UNIX_FD\r\n", 19, OPEN_MSEC) &&
               read_line(r, "AGREE_UNIX_FD", until) && raw_write(r, "BEGIN\r\n", 7, OPEN_MSEC);
}

static bool say_hello(Raw *r) {
        DBusMessage *m = dbus_message_new_method_call("org.freedesktop.DBus", "/org/freedesktop/DBus",
                                                      "org.freedesktop.DBus", "Hello"),
                    *reply;
        bool well = m && raw_send(r, m);

        if (m) {
                dbus_message_unref(m);
        }
        reply = well ? raw_reply(r, OPEN_MSEC) : NULL;
        well = reply && dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_METHOD_RETURN;
        if (reply) {
                dbus_message_unref(reply);
        }
        return well;
}

Raw *raw_open(const char *bus_path, const char *uid) {
        _cleanup_raw_ Raw *r = calloc(1, sizeof(*r));

        if (!r) {
                return NULL;
        }
        r->fd = connect_to(bus_path);
        return r->fd >= 0 && authenticate(r, uid) && say_hello(r) ? TAKE_PTR(r) : NULL;
}

Raw *raw_open_as(World *w, uid_t uid) {
        char path[128], number[16];
        Raw *r;

        snprintf(path, sizeof(path), "%s/bus", w->dir);
        snprintf(number, sizeof(number), "%u", uid);
        if (seteuid(uid) < 0) {
                return NULL;
        }
        r = raw_open(path, number);
        if (seteuid(0) < 0) {
                abort(); /* the rest would run as somebody else */
        }
        return r;
}

Raw *raw_close(Raw *r) {
        if (r) {
                if (r->fd >= 0) {
                        close(r->fd);
                }
                free(r->in);
                free(r);
        }
        return NULL;
}

bool raw_write(Raw *r, const void *data, size_t size, int msec) {
        int64_t until = now_msec() + msec;

        for (size_t done = 0; done < size;) {
                ssize_t n = send(r->fd, (const char *) data + done, size - done, MSG_NOSIGNAL);

                if (n < 0 && (errno != EAGAIN || !wait_for(r->fd, POLLOUT, until))) {
                        return false;
                }
                done += n > 0 ? (size_t) n : 0;
        }
        return true;
}

bool raw_write_fds(Raw *r, const void *data, size_t size, const int *fds, size_t n_fds) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
        } control = { 0 };
        struct iovec iov = { .iov_base = (void *) data, .iov_len = size };
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
        ssize_t n;

        if (n_fds > FDS_MAX) {
                return false;
        }
        if (n_fds > 0) {
                m.msg_control = &control;
                m.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
                control.header.cmsg_level = SOL_SOCKET;
                control.header.cmsg_type = SCM_RIGHTS;
                control.header.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
                memcpy(CMSG_DATA(&control.header), fds, n_fds * sizeof(int));
        }
        n = sendmsg(r->fd, &m, MSG_NOSIGNAL);
        return n > 0 && raw_write(r, (const char *) data + n, size - (size_t) n, OPEN_MSEC);
}

char *raw_marshal(Raw *r, DBusMessage *m, size_t *ret_size) {
        char *bytes = NULL;
        int n = 0;

        dbus_message_set_serial(m, ++r->serial);
        if (!dbus_message_marshal(m, &bytes, &n)) {
                return NULL;
        }
        *ret_size = (size_t) n;
        return bytes; /* libdbus allocates by malloc(3) */
}

bool raw_send(Raw *r, DBusMessage *m) {
        size_t size = 0;
        _cleanup_free_ char *bytes = raw_marshal(r, m, &size);

        return bytes && raw_write(r, bytes, size, OPEN_MSEC);
}

DBusMessage *raw_next(Raw *r, int msec, bool *ret_gone) {
        int64_t until = now_msec() + msec;
        DBusError error = DBUS_ERROR_INIT;
        DBusMessage *m;
        int n;

        *ret_gone = false;
        while ((n = r->n_in >= HEADER_MIN ? dbus_message_demarshal_bytes_needed(r->in, (int) r->n_in) : 0) <=
                       0 ||
               (size_t) n > r->n_in) {
                if (n < 0 || !fill(r, until, ret_gone)) {
                        return NULL;
                }
        }
        m = dbus_message_demarshal(r->in, n, &error);
        dbus_error_free(&error);
        drop(r, (size_t) n);
        return m;
}

DBusMessage *raw_reply(Raw *r, int msec) {
        int64_t until = now_msec() + msec;
        DBusMessage *m;
        bool gone;

        while ((m = raw_next(r, (int) (until - now_msec()), &gone))) {
                if (dbus_message_get_reply_serial(m) == r->serial) {
                        return m;
                }
                dbus_message_unref(m);
        }
        return NULL;
}

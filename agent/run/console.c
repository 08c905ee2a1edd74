/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * console.c: see console.h. Never waits: not for the tenant, and not for a journal that is slow. Refuses everything but printable
 * ASCII, and a priority of the tenant's choice ("<0>" would go to every terminal of the host).
 */
#include "console.h"
#include "cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define CLOSED_MSEC 1000u
#define LAST_WORDS_READS 64u
#define CHUNK_BYTES 2048u

void console_open(Console *c, int fd) {
        (void) fd_close(c->fd);
        c->fd = fd;
        if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
                c->fd = fd_close(c->fd);
        }
}

/* All or nothing, at once: a line that the journal has no room for is lost. By hand, it is no socket. */
static void emit(const Console *c, const char *text, size_t size) {
        static const char mark[] = "<6>console: ";
        struct iovec parts[] = { { .iov_base = (char *) mark, .iov_len = strlen(mark) },
                                 { .iov_base = (char *) text, .iov_len = size },
                                 { .iov_base = (char *) "\n", .iov_len = 1 } };
        const struct msghdr message = { .msg_iov = parts, .msg_iovlen = ELEMENTSOF(parts) };

        if (sendmsg(c->journal_fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == ENOTSOCK) {
                (void) !writev(c->journal_fd, parts, ELEMENTSOF(parts));
        }
}

static void report_dropped(Console *c) {
        char text[64];

        snprintf(text, sizeof(text), "(%llu lines dropped)", (unsigned long long) c->dropped);
        emit(c, text, strlen(text));
        c->dropped = 0;
}

static void end_line(Console *c, uint64_t now_msec) {
        const uint32_t left = budget_left(&c->lines, now_msec);

        if (c->size == 0) {
                return;
        }
        c->muted = left == 0 || (c->muted && left < CONSOLE_LINES_RESUME);
        if (c->muted) {
                c->dropped++;
        } else {
                budget_spend(&c->lines, 1, now_msec);
                if (c->dropped > 0) {
                        report_dropped(c);
                }
                emit(c, c->line, c->size);
        }
        c->size = 0;
}

/* Lines of printable characters; terminal sequences (ECMA-48 CSI, and two-character ones) are left out. */
static void take(Console *c, char byte, uint64_t now_msec) {
        if (c->in_escape) {
                c->in_escape = byte == '[' || byte == ';' || byte == '?' || (byte >= '0' && byte <= '9');
        } else if (byte == 0x1B) {
                c->in_escape = true;
        } else if (byte == '\n') {
                end_line(c, now_msec);
        } else if (byte >= 0x20 && byte < 0x7F) {
                c->line[c->size++] = byte;
                if (c->size == sizeof(c->line)) {
                        end_line(c, now_msec);
                }
        }
}

/* False: there is nothing now. */
static bool read_some(Console *c, uint64_t now_msec) {
        char data[CHUNK_BYTES];
        ssize_t n = read(c->fd, data, sizeof(data));

        if (n <= 0) {
                if (n == 0 || (errno != EAGAIN && errno != EINTR && errno != EIO)) {
                        c->fd = fd_close(c->fd);
                }
                return false;
        }
        budget_spend(&c->bytes, (uint32_t) n, now_msec);
        for (ssize_t i = 0; i < n; i++) {
                take(c, data[i], now_msec);
        }
        return true;
}

int console_wait_msec(Console *c, uint64_t now_msec) {
        if (c->fd < 0) {
                return -1;
        }
        return c->closed_until_msec > now_msec ? (int) (c->closed_until_msec - now_msec)
                                               : budget_wait_msec(&c->bytes, CHUNK_BYTES, now_msec);
}

void console_read(Console *c, short revents, uint64_t now_msec) {
        if (revents & POLLIN) {
                (void) read_some(c, now_msec);
        } else if (revents) { /* POLLHUP: no process has it open; poll would say so for ever */
                c->closed_until_msec = now_msec + CLOSED_MSEC;
        }
}

void console_finish(Console *c, uint64_t now_msec) {
        unsigned reads = 0;

        while (c->fd >= 0 && reads < LAST_WORDS_READS && read_some(c, now_msec)) {
                reads++;
        }
        if (c->size > 0) {
                end_line(c, now_msec);
        }
        if (c->dropped > 0) {
                report_dropped(c);
        }
        c->fd = fd_close(c->fd);
}

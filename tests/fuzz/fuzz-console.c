/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-console.c: what a tenant writes to its console when it has few lines left; a byte 0xFF ends what comes at once, and the next one
 * says how many seconds pass then. Each record that reaches the journal is one line of printable characters with the mark of the
 * console, and there are no more of them than the budget has. Owned by tests/fuzz.
 */
#include "console.h"
#include "fuzz.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#define LINES 16u
#define MARK "<6>console: "

static unsigned check_records(int fd) {
        char record[512];
        unsigned n = 0;
        ssize_t size;

        while ((size = recv(fd, record, sizeof(record), MSG_DONTWAIT)) >= 0) {
                property(size > (ssize_t) strlen(MARK) + 1 && size <= (ssize_t) (strlen(MARK) + 256 + 1));
                property(memcmp(record, MARK, strlen(MARK)) == 0 && record[size - 1] == '\n');
                for (ssize_t i = 0; i < size - 1; i++) {
                        property(record[i] >= 0x20 && record[i] < 0x7F);
                }
                n++;
        }
        return n;
}

/* Writes what comes at once, in parts that fit. */
static unsigned say(Console *c, int pty[static 2], int journal, const uint8_t *data, size_t size,
                    uint64_t now) {
        unsigned records = 0;

        for (size_t done = 0; done < size;) {
                ssize_t n = write(pty[1], data + done, size - done < 1024 ? size - done : 1024);

                property(n > 0);
                done += (size_t) n;
                while (poll(&(struct pollfd){ .fd = pty[0], .events = POLLIN }, 1, 0) > 0) {
                        console_read(c, POLLIN, now);
                        property(c->size < sizeof(c->line) && console_wait_msec(c, now) >= 0);
                        records += check_records(journal);
                }
        }
        return records;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        int pty[2], journal[2];
        uint64_t begin = 1000, now = begin;
        unsigned records = 0;
        const uint8_t *end = data + size;

        property(pipe2(pty, O_CLOEXEC) == 0);
        property(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, journal) == 0);
        Console c = CONSOLE_NONE(journal[0]);
        c.lines.left_milli = LINES * 1000u;
        c.lines.filled_msec = now;
        console_open(&c, pty[0]);
        while (data < end) {
                const uint8_t *stop = memchr(data, 0xFF, (size_t) (end - data));

                records += say(&c, pty, journal[1], data, (size_t) ((stop ? stop : end) - data), now);
                now += stop && stop + 1 < end ? stop[1] * 1000u : 0;
                data = stop && stop + 1 < end ? stop + 2 : end;
        }
        (void) fd_close(pty[1]);
        console_finish(&c, now);
        records += check_records(journal[1]);
        /* And one word for each time that lines were dropped, and for the last. */
        property(records <= 2 * (LINES + CONSOLE_LINES_PER_SECOND * (now - begin) / 1000 + 1));
        property(c.fd < 0);
        (void) fd_close(journal[0]);
        (void) fd_close(journal[1]);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log.c: see log.h. One system call a line or record, so that those of several processes never mix. Speaks the journal's native
 * protocol itself (systemd's JOURNAL_NATIVE_PROTOCOL): a datagram of KEY=VALUE lines, for which the runner need not load libsystemd.
 */
#include "log.h"
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define MESSAGE_SIZE 1024u

int log_max_level = LOG_INFO;
LogContext log_context;

/* systemd tells by JOURNAL_STREAM=DEVICE:INODE which descriptor is the journal's; see systemd.exec(5). */
static bool is_journal(void) {
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long device, inode;
        struct stat st;

        return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
               fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static bool send_record(const char *record, size_t size) {
        const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        return fd >= 0 && sendto(fd, record, size, MSG_NOSIGNAL, (const struct sockaddr *) &address,
                                 sizeof(address)) == (ssize_t) size;
}

/* False: it has to be a line. The message has no line breaks, and neither has a context. */
static bool log_record(int level, const char *id, const char *message) {
        const LogContext *c = &log_context;
        char record[MESSAGE_SIZE + 512];
        int n = snprintf(record, sizeof(record), "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=%s\n", message,
                         level, program_invocation_short_name);

        if (id && n < (int) sizeof(record)) {
                n += snprintf(record + n, sizeof(record) - (size_t) n, "MESSAGE_ID=%s\n", id);
        }
        if (c->tenant && n < (int) sizeof(record)) {
                /* Of an authorized daemon about a unit: journalctl -u shows it, also when the sender is gone before it is read. */
                n += snprintf(record + n, sizeof(record) - (size_t) n,
                              "TENANT=%s\nOBJECT_SYSTEMD_UNIT=tenant@%s.service\n", c->tenant, c->tenant);
        }
        if (c->backend && n < (int) sizeof(record)) {
                n += snprintf(record + n, sizeof(record) - (size_t) n, "BACKEND=%s\n", c->backend);
        }
        if (c->job && n < (int) sizeof(record)) {
                n += snprintf(record + n, sizeof(record) - (size_t) n, "JOB=%u\n", c->job);
        }
        return n < (int) sizeof(record) && send_record(record, (size_t) n);
}

static void write_line(int level, const char *message) {
        char line[MESSAGE_SIZE + 8], prefix[8] = "";

        if (!isatty(STDERR_FILENO)) {
                snprintf(prefix, sizeof(prefix), "<%d>", level & LOG_PRIMASK);
        }
        snprintf(line, sizeof(line), "%s%s\n", prefix, message);
        (void) !write(STDERR_FILENO, line, strlen(line)); /* nowhere left to report to */
}

void log_event(int level, const char *id, const char *format, ...) {
        char message[MESSAGE_SIZE];
        const int saved = errno;
        va_list ap;

        if (level > log_max_level) {
                return;
        }
        errno = saved; /* for %m */
        va_start(ap, format);
        vsnprintf(message, sizeof(message), format, ap);
        va_end(ap);
        for (char *p = message; *p; p++) {
                if (*p == '\n') {
                        *p = ' ';
                }
        }
        if (level > LOG_WARNING || !is_journal() || !log_record(level, id, message)) {
                write_line(level, message);
        }
        errno = saved;
}

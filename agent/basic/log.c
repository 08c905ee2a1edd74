/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* log.c: see log.h. One write(2) a line, so that lines of several processes never mix. */
#include "log.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int log_max_level = LOG_INFO;

void log_line(int level, const char *format, ...) {
        char line[1024];
        int saved = errno, n = 0;
        va_list ap;

        if (level > log_max_level) {
                return;
        }
        if (!isatty(STDERR_FILENO)) {
                n = snprintf(line, sizeof(line), "<%d>", level);
        }
        errno = saved; /* for %m */
        va_start(ap, format);
        vsnprintf(line + n, sizeof(line) - (size_t) n - 1, format, ap);
        va_end(ap);
        for (char *p = line; *p; p++) {
                if (*p == '\n') {
                        *p = ' ';
                }
        }
        strcat(line, "\n");
        (void) !write(STDERR_FILENO, line, strlen(line)); /* nowhere left to report to */
        errno = saved;
}

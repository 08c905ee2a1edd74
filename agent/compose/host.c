/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* host.c: the plain host services for plugins: logs, never cancels, remembers nothing. Callers copy it and
 * override. */
#include "backends.h"
#include "log.h"
#include "parse.h"

#define LOG_LINE_MAX 800u

static void host_log(void *userdata, int level, const char *message) {
        if (text_is_safe(message, LOG_LINE_MAX)) {
                log_line(level < LOG_ERR ? LOG_ERR : level, "%s",
                         message); /* a backend cannot raise an alert */
        } else {
                log_line(LOG_WARNING,
                         "a backend logged a line that is not plain text of at most %u bytes, dropped",
                         LOG_LINE_MAX);
        }
}

static bool host_cancelled(void *userdata) {
        return false;
}

static int host_remember(void *userdata, const char *key, const char *value) {
        return 0;
}

static void host_progress(void *userdata, double fraction, const char *stage) {
}

const struct tenant_host host_default = {
        .struct_size = sizeof(struct tenant_host),
        .log = host_log,
        .cancelled = host_cancelled,
        .remember = host_remember,
        .progress = host_progress,
};

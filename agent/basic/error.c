/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* error.c: see error.h. */
#include "error.h"

int error_set_errno(TenantError *e, int code, const char *name, const char *format, ...) {
        code = code > 0 ? -code : code;
        if (e) {
                va_list ap;
                size_t used;

                e->code = code;
                /* Wherever it is met, it is one and the same thing for a caller. */
                name = code == -ENOSPC && strcmp(name, E_FAILED) == 0 ? E_NO_SPACE : name;
                snprintf(e->name, sizeof(e->name), "%s", name);
                va_start(ap, format);
                vsnprintf(e->message, sizeof(e->message), format, ap);
                va_end(ap);
                used = strlen(e->message);
                snprintf(e->message + used, sizeof(e->message) - used, ": %s", strerror(-code));
        }
        return code;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * errors.c: see errors.h. Names that are not in the table (a plugin's own) reach the bus as Failed: clients can rely on the
 * list. Owned by the agent.
 */
#include "errors.h"
#include "cleanup.h"
#include <errno.h>
#include <string.h>

#define ENTRY(short_name, code) SD_BUS_ERROR_MAP(BUS_ERROR_PREFIX short_name, code)

static const sd_bus_error_map table[] = {
        ENTRY(E_FAILED, EIO),
        ENTRY(E_INVALID_NAME, EINVAL),
        ENTRY(E_INVALID_SETTING, EINVAL),
        ENTRY(E_NO_SUCH_TENANT, ENOENT),
        ENTRY(E_TENANT_EXISTS, EEXIST),
        ENTRY(E_NO_SUCH_IMAGE, ENOENT),
        ENTRY(E_IMAGE_EXISTS, EEXIST),
        ENTRY(E_IMAGE_IN_USE, EBUSY),
        ENTRY(E_BAD_IMAGE, EBADMSG),
        ENTRY(E_NO_SUCH_JOB, ENOENT),
        ENTRY(E_NO_SUCH_BACKEND, ENOENT),
        ENTRY(E_BAD_BACKEND, ELIBBAD),
        ENTRY(E_NOT_SUPPORTED, EOPNOTSUPP),
        ENTRY(E_BUSY, EBUSY),
        ENTRY(E_RUNNING, EBUSY),
        ENTRY(E_NOT_RUNNING, ESRCH),
        ENTRY(E_QUOTA_EXCEEDED, EDQUOT),
        ENTRY(E_NO_SPACE, ENOSPC),
        ENTRY(E_ADDRESS_IN_USE, EADDRINUSE),
        ENTRY(E_HOST_NOT_READY, EHOSTDOWN),
        ENTRY(E_CANCELED, ECANCELED),
        ENTRY(E_TIMEOUT, ETIMEDOUT),
        ENTRY(E_DAMAGED, EBADMSG),
        SD_BUS_ERROR_MAP_END,
};

int errors_register(void) {
        return sd_bus_error_add_map(table);
}

const char *error_known_name(const char *name) {
        const size_t prefix = strlen(BUS_ERROR_PREFIX);

        for (size_t i = 0; i + 1 < ELEMENTSOF(table); i++) {
                if (strcmp(table[i].name + prefix, name) == 0) {
                        return table[i].name + prefix;
                }
        }
        return table[0].name + prefix;
}

void error_to_bus(const TenantError *error, int r, sd_bus_error *ret) {
        char name[128];

        snprintf(name, sizeof(name), BUS_ERROR_PREFIX "%s", error_known_name(error->name));
        /* Sets *ret always; what it returns is the errno that *ret now means. */
        (void) sd_bus_error_setf(ret, name, "%s", error->message[0] ? error->message : strerror(-r));
}

const char *error_format(const TenantError *error, int r, char buf[static sizeof(TenantError)]) {
        snprintf(buf, sizeof(TenantError), "%s: %s", error_known_name(error->name),
                 error->message[0] ? error->message : strerror(-r));
        return buf;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log-control-dbus.c: org.freedesktop.LogControl1, so that `systemctl service-log-level tenantd` works. Only root can change
 * something: sd-bus itself refuses others for these properties. Owned by the agent.
 */
#include "log.h"
#include "manager.h"
#include <errno.h>
#include <string.h>

#define LOG_CONTROL_PATH "/org/freedesktop/LogControl1"

static const char *const levels[] = {
        "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"
};

static int get_level(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        return sd_bus_message_append(reply, "s", levels[log_max_level]);
}

static int set_level(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *value, void *userdata, sd_bus_error *reterr_error) {
        const char *word;
        int r = sd_bus_message_read(value, "s", &word);

        if (r < 0) {
                return r;
        }
        for (size_t i = 0; i < ELEMENTSOF(levels); i++) {
                if (strcmp(levels[i], word) == 0) {
                        log_max_level = (int) i;
                        return 0;
                }
        }
        return sd_bus_error_setf(
                reterr_error, SD_BUS_ERROR_INVALID_ARGS,
                "Unknown level '%s'; allowed: emerg alert crit err warning notice info debug", word);
}

static int get_target(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        return sd_bus_message_append(reply, "s", isatty(STDERR_FILENO) ? "console" : "journal");
}

/* Lines go to standard error, and that is where systemd says. */
static int set_target(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *value, void *userdata, sd_bus_error *reterr_error) {
        const char *word;
        int r = sd_bus_message_read(value, "s", &word);

        if (r < 0 || strcmp(word, "auto") == 0 || strcmp(word, "journal") == 0) {
                return r < 0 ? r : 0;
        }
        return sd_bus_error_setf(reterr_error, SD_BUS_ERROR_NOT_SUPPORTED,
                                 "Log target '%s' is not supported; allowed: auto journal", word);
}

static int get_identifier(sd_bus *bus, const char *path, const char *interface, const char *property,
                          sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        return sd_bus_message_append(reply, "s", "tenantd");
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_WRITABLE_PROPERTY("LogLevel", "s", get_level, set_level, 0, 0),
        SD_BUS_WRITABLE_PROPERTY("LogTarget", "s", get_target, set_target, 0, 0),
        SD_BUS_PROPERTY("SyslogIdentifier", "s", get_identifier, 0, 0),
        SD_BUS_VTABLE_END,
};

int log_control_export(Manager *m, TenantError *error) {
        int r = sd_bus_add_object_vtable(m->bus, NULL, LOG_CONTROL_PATH, "org.freedesktop.LogControl1",
                                         vtable, m);

        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot put LogControl1 on the bus") : 0;
}

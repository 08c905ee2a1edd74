/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * machined.c: see machined.h. Tells machined a name, a uuid, a pid and a device: no root directory (the tenant's has no path on the
 * host) and nothing that the tenant has written. Refuses to touch machines of other units.
 */
#include "machined.h"
#include "allocation.h"
#include "backends.h"
#include "log.h"
#include "running.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <systemd/sd-id128.h>

#define MACHINED "org.freedesktop.machine1"
#define MANAGER "/org/freedesktop/machine1", "org.freedesktop.machine1.Manager"
#define SERVICE "tenantd" /* as machinectl shows it */

typedef struct Machine {
        char *unit; /* NULL: there is no such machine */
        uint32_t leader;
} Machine;

static void machine_done(Machine *m) {
        free(m->unit);
}

static void message_done(sd_bus_message **m) {
        sd_bus_message_unref(*m);
}

#define _cleanup_message_ _cleanup_(message_done)
#define _cleanup_bus_error_ _cleanup_(sd_bus_error_free)

static int failed(const sd_bus_error *e, int r, TenantError *error) {
        const char *text = e->message ? e->message : strerror(-r);

        if (sd_bus_error_has_names(e, SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER,
                                   "org.freedesktop.systemd1.UnitMasked",
                                   "org.freedesktop.systemd1.NoSuchUnit",
                                   "org.freedesktop.systemd1.LoadFailed")) {
                return error_set(error, EHOSTDOWN, E_NOT_SUPPORTED, "There is no systemd-machined: %s",
                                 text);
        }
        if (r == -ETIMEDOUT || sd_bus_error_has_names(e, SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_TIMEOUT,
                                                      "org.freedesktop.DBus.Error.TimedOut")) {
                return error_set(error, EAGAIN, E_TIMEOUT, "systemd-machined does not answer: %s", text);
        }
        return error_set(error, -r, E_FAILED, "systemd-machined: %s", text);
}

static bool is_gone(const sd_bus_error *e) {
        return sd_bus_error_has_names(e, "org.freedesktop.machine1.NoSuchMachine",
                                      SD_BUS_ERROR_UNKNOWN_OBJECT);
}

int machined_list(sd_bus *bus, GHashTable *all, GHashTable *tenants, TenantError *error) {
        _cleanup_bus_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *name, *service;
        int r = sd_bus_call_method(bus, MACHINED, MANAGER, "ListMachines", &e, &reply, "");

        if (r < 0) {
                return failed(&e, r, error);
        }
        r = sd_bus_message_enter_container(reply, 'a', "(ssso)");
        while (r >= 0 && (r = sd_bus_message_read(reply, "(ssso)", &name, NULL, &service, NULL)) > 0) {
                g_hash_table_add(all, g_strdup(name));
                if (strcmp(service, SERVICE) == 0) {
                        g_hash_table_add(tenants, g_strdup(name));
                }
        }
        return r < 0 ? failed(&e, r, error) : 0;
}

/* What it knows under this name. */
static int look_up(sd_bus *bus, const char *name, Machine *ret, TenantError *error) {
        static const char interface[] = MACHINED ".Machine";
        _cleanup_bus_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_(machine_done) Machine m = { 0 };
        const char *path;
        int r = sd_bus_call_method(bus, MACHINED, MANAGER, "GetMachine", &e, &reply, "s", name);

        if (r >= 0) {
                r = sd_bus_message_read(reply, "o", &path);
        }
        if (r >= 0) {
                r = sd_bus_get_property_trivial(bus, MACHINED, path, interface, "Leader", &e, 'u',
                                                &m.leader);
        }
        if (r >= 0) {
                r = sd_bus_get_property_string(bus, MACHINED, path, interface, "Unit", &e, &m.unit);
        }
        if (r < 0 && !is_gone(&e)) {
                return failed(&e, r, error);
        }
        *ret = r < 0 ? (Machine){ 0 } : TAKE_GENERIC(m, (Machine){ 0 });
        return 0;
}

static int append_link(sd_bus_message *m, const char *name, const Allocation *a) {
        _cleanup_(backends_free_p) Backends *backends = NULL;
        TenantError error = { 0 };
        const Backend *b;
        int32_t link = 0;
        uint32_t index;

        if (backends_load_for_release(name, a, &host_default, KIND_BIT(TENANT_KIND_NETWORK), &backends,
                                      &error) < 0) {
                log_warning("machinectl will not show the link of tenant '%s', ignoring: %s", name,
                            error.message);
        } else {
                b = &backends->kind[TENANT_KIND_NETWORK];
                if (b->plugin->ops.network.link &&
                    b->plugin->ops.network.link(&b->context, &index, NULL) >= 0) {
                        link = (int32_t) index;
                }
        }
        return sd_bus_message_append_array(m, 'i', &link, link > 0 ? sizeof(link) : 0);
}

static int new_registration(sd_bus *bus, const char *name, pid_t leader, const Allocation *a,
                            sd_bus_message **ret) {
        sd_id128_t uuid;
        int r = sd_bus_message_new_method_call(bus, ret, MACHINED, MANAGER, "RegisterMachineWithNetwork");

        if (r >= 0) {
                r = sd_id128_from_string(a->uuid, &uuid);
        }
        if (r >= 0) {
                r = sd_bus_message_append(*ret, "s", name);
        }
        if (r >= 0) {
                r = sd_bus_message_append_array(*ret, 'y', &uuid, sizeof(uuid));
        }
        if (r >= 0) {
                r = sd_bus_message_append(*ret, "ssus", SERVICE, "container", (uint32_t) leader, "");
        }
        return r < 0 ? r : append_link(*ret, name, a);
}

static int unregister(sd_bus *bus, const char *name, TenantError *error) {
        _cleanup_bus_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
        int r = sd_bus_call_method(bus, MACHINED, MANAGER, "UnregisterMachine", &e, NULL, "s", name);

        return r < 0 && !is_gone(&e) ? failed(&e, r, error) : 0;
}

/* Not by a signal: that takes a right which this program lacks. */
static bool has_ended(int pidfd) {
        struct pollfd p = { .fd = pidfd, .events = POLLIN };

        return poll(&p, 1, 0) > 0;
}

static int register_machine(sd_bus *bus, const char *name, pid_t leader, int pidfd, TenantError *error) {
        _cleanup_(allocation_free_p) Allocation *a = NULL;
        _cleanup_bus_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *call = NULL;
        int r = allocation_load(name, &a, error);

        if (r < 0) {
                return r;
        }
        r = new_registration(bus, name, leader, a, &call);
        if (r < 0) {
                return error_set_errno(error, r, E_FAILED, "Cannot write to systemd-machined");
        }
        r = sd_bus_call(bus, call, 0, &e, NULL);
        if (has_ended(pidfd)) {
                /* It was a number that machined looked up, maybe after it had become another process's. */
                return unregister(bus, name, error);
        }
        return r < 0 ? failed(&e, r, error) : 0;
}

int machined_agree(sd_bus *bus, const char *name, TenantError *error) {
        _cleanup_(machine_done) Machine m = { 0 };
        _cleanup_close_ int pidfd = -1;
        char unit[300];
        pid_t leader = 0;
        int r;

        pidfd = tenant_init_pidfd(name, &leader, NULL);
        r = look_up(bus, name, &m, error);
        if (r < 0 || (pidfd < 0 && !m.unit)) {
                return r;
        }
        snprintf(unit, sizeof(unit), "tenant@%s.service", name);
        if (m.unit && strcmp(m.unit, unit) != 0) {
                return pidfd < 0 ? 0
                                 : error_set(error, EEXIST, E_BUSY,
                                             "Not known to machinectl: there is another machine '%s', of %s",
                                             name, m.unit);
        }
        if (m.unit && (pidfd < 0 || m.leader != (uint32_t) leader)) {
                r = unregister(bus, name, error);
        } else if (m.unit) {
                return 0;
        }
        return r < 0 || pidfd < 0 ? r : register_machine(bus, name, leader, pidfd, error);
}

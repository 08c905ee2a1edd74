/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bus.c: see bus.h. Between sd-bus and the handlers: finds the object, has the caller authorized, turns errors into replies.
 * Refuses to run any method that is not in a table of calls. Owned by the agent.
 */
#include "bus.h"
#include "authorize.h"
#include "errors.h"
#include "gate.h"
#include "manager.h"
#include "name.h"
#include <errno.h>
#include <string.h>

/* Userdata of every slot: sd-bus hands the object to the handlers, but not who it belongs to. */
typedef struct Exported {
        Manager *manager;
        const BusInterface *interface;
} Exported;

char *bus_path_encode(const char *prefix, const char *name) {
        char *path = NULL, *copy;

        if (sd_bus_path_encode(prefix, name, &path) < 0) {
                g_error("Cannot make an object path: out of memory"); /* the only failure for our constant prefixes */
        }
        copy = g_strdup(path);
        free(path);
        return copy;
}

char *bus_path_decode(const char *path, const char *prefix) {
        char *name = NULL;

        return sd_bus_path_decode(path, prefix, &name) > 0 ? name : NULL;
}

int message_error(int r, TenantError *error) {
        return error_set_errno(error, r, r == -ENXIO || r == -EBADMSG ? E_INVALID_SETTING : E_FAILED,
                               "Cannot read or build a bus message");
}

void call_fail(sd_bus_message *message, int r, const TenantError *error) {
        _cleanup_bus_error_ sd_bus_error e = SD_BUS_ERROR_NULL;

        error_to_bus(error, r, &e);
        (void) sd_bus_reply_method_error(message, &e); /* the caller is gone: nobody to tell */
}

static const BusCall *find_call(const BusInterface *interface, const char *member) {
        for (const BusCall *c = interface->calls; c && c->member; c++) {
                if (strcmp(c->member, member) == 0) {
                        return c;
                }
        }
        return NULL;
}

static bool vtable_has_method(const BusInterface *interface, const char *member) {
        for (const sd_bus_vtable *v = interface->vtable; v->type != _SD_BUS_VTABLE_END; v++) {
                if (v->type == _SD_BUS_VTABLE_METHOD && strcmp(v->x.method.member, member) == 0) {
                        return true;
                }
        }
        return false;
}

static bool method_is_complete(const BusInterface *interface, const sd_bus_vtable *v, TenantError *error) {
        const BusCall *c = find_call(interface, v->x.method.member);
        const char *fault = !c || !c->action || !c->handler            ? "has no action or no handler"
                            : v->x.method.handler != call_entry        ? "does not go through call_entry()"
                            : !(v->flags & SD_BUS_VTABLE_UNPRIVILEGED) ? "is not SD_BUS_VTABLE_UNPRIVILEGED"
                                                                       : NULL;

        if (fault) {
                (void) error_set(error, EINVAL, E_FAILED, "Method %s.%s %s", interface->name,
                                 v->x.method.member, fault);
        }
        return !fault;
}

bool bus_interface_is_complete(const BusInterface *interface, TenantError *error) {
        for (const sd_bus_vtable *v = interface->vtable; v->type != _SD_BUS_VTABLE_END; v++) {
                if (v->type == _SD_BUS_VTABLE_METHOD && !method_is_complete(interface, v, error)) {
                        return false;
                }
        }
        for (const BusCall *c = interface->calls; c && c->member; c++) {
                if (!vtable_has_method(interface, c->member)) {
                        (void) error_set(error, EINVAL, E_FAILED, "%s has no method %s", interface->name,
                                         c->member);
                        return false;
                }
        }
        return true;
}

static int find_entry(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
                      sd_bus_error *reterr_error) {
        Exported *x = userdata;

        *ret_found = x->interface->find(x->manager, path);
        return *ret_found != NULL;
}

static int list_entry(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
                      sd_bus_error *reterr_error) {
        Exported *x = userdata;
        g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

        x->interface->list(x->manager, paths);
        *ret_nodes = calloc(paths->len + 1, sizeof(char *));
        if (!*ret_nodes) {
                return -ENOMEM;
        }
        for (guint i = 0; i < paths->len; i++) {
                (*ret_nodes)[i] = strdup(g_ptr_array_index(paths, i));
                if (!(*ret_nodes)[i]) {
                        g_strfreev(*ret_nodes);
                        return -ENOMEM;
                }
        }
        return 0;
}

int bus_export(Manager *m, const BusInterface *interface, TenantError *error) {
        Exported *x = NULL;
        int r;

        if (!bus_interface_is_complete(interface, error)) {
                return -EINVAL;
        }
        x = g_new0(Exported, 1);
        x->manager = m;
        x->interface = interface;
        g_ptr_array_add(m->exported, x);
        r = interface->find ? sd_bus_add_fallback_vtable(m->bus, NULL, interface->path, interface->name,
                                                         interface->vtable, find_entry, x)
                            : sd_bus_add_object_vtable(m->bus, NULL, interface->path, interface->name,
                                                       interface->vtable, x);
        if (r >= 0 && interface->list) {
                r = sd_bus_add_node_enumerator(m->bus, NULL, interface->path, list_entry, x);
        }
        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot put %s on the bus", interface->name) : 0;
}

/* The Manager's methods name what they are about in their first argument. */
static int subject_of_argument(Manager *m, const BusCall *bus_call, sd_bus_message *message, BusSubject *ret,
                               TenantError *error) {
        bool tenant = bus_call->about == ABOUT_TENANT;
        const char *name;
        int r = sd_bus_message_read(message, "s", &name);

        if (r < 0) {
                return message_error(r, error);
        }
        r = tenant_name_check(tenant ? "tenant" : "image", name, error);
        if (r < 0) {
                return r;
        }
        snprintf(tenant ? ret->tenant : ret->image, sizeof(ret->tenant), "%s", name);
        if (tenant) {
                manager_subject_of_tenant(m, name, ret);
        } else {
                manager_subject_of_image(m, name, ret);
        }
        r = sd_bus_message_rewind(message, true);
        return r < 0 ? message_error(r, error) : 0;
}

static void subject_of_path(Manager *m, const char *path, BusSubject *ret) {
        _cleanup_free_ char *tenant = bus_path_decode(path, BUS_TENANTS), *image = NULL;

        if (tenant && tenant_name_is_valid(tenant)) {
                manager_subject_of_tenant(m, tenant, ret);
        }
        image = bus_path_decode(path, BUS_IMAGES);
        if (image && tenant_name_is_valid(image)) {
                manager_subject_of_image(m, image, ret);
        }
}

int subject_of_call(Manager *m, const BusInterface *interface, const BusCall *bus_call,
                    sd_bus_message *message, void *object, BusSubject *ret, TenantError *error) {
        *ret = (BusSubject){ .action = bus_call->action };
        if (interface->subject) {
                interface->subject(object, ret);
        }
        if (bus_call->about == ABOUT_PATH) {
                subject_of_path(m, sd_bus_message_get_path(message), ret);
        } else if (bus_call->about != ABOUT_NOTHING) {
                return subject_of_argument(m, bus_call, message, ret, error);
        }
        return 0;
}

static void run_handler(Manager *m, const BusCall *bus_call, sd_bus_message *message, void *object,
                        uid_t uid, const char *action) {
        Call call = { .manager = m, .message = message, .object = object, .uid = uid, .action = action };
        TenantError error = { 0 };
        int r = bus_call->handler(&call, &error);

        if (r < 0) {
                call_fail(message, r, &error);
        }
}

static void enter(Exported *x, const BusCall *bus_call, sd_bus_message *message, void *object) {
        TenantError error = { 0 };
        BusSubject subject;
        uid_t uid;
        int r = gate_uid(x->manager, message, &uid);

        if (r < 0) {
                (void) sd_bus_reply_method_errorf(message,
                                                  SD_BUS_ERROR_ACCESS_DENIED, /* gone: nobody to tell */
                                                  "Cannot find out who is asking");
                return;
        }
        r = subject_of_call(x->manager, x->interface, bus_call, message, object, &subject, &error);
        if (r >= 0 && uid != 0) {
                r = authorize(x->manager, x->interface, bus_call, message, uid, &subject, &error);
        }
        if (r < 0) {
                call_fail(message, r, &error);
        } else if (uid == 0) {
                run_handler(x->manager, bus_call, message, object, uid, subject.action);
        }
}

int call_entry(sd_bus_message *message, void *userdata, sd_bus_error *reterr_error) {
        Exported *x = sd_bus_slot_get_userdata(sd_bus_get_current_slot(sd_bus_message_get_bus(message)));
        const BusCall *bus_call = find_call(x->interface, sd_bus_message_get_member(message));

        enter(x, bus_call, message, x->interface->find ? userdata : x->manager);
        return 1;
}

int call_is_stale(TenantError *error) {
        return error_set(error, ESTALE, E_BUSY,
                         "It changed while the authorization was asked for; try again");
}

/* What was said yes to: all that polkit was told. */
static bool is_same(const BusSubject *a, const BusSubject *b) {
        return a->serial == b->serial && strcmp(a->action, b->action) == 0 &&
               strcmp(a->tenant, b->tenant) == 0 && strcmp(a->image, b->image) == 0 &&
               strcmp(a->backends, b->backends) == 0;
}

bool bus_is_guarded(Manager *m, sd_bus_message *message) {
        const char *name = sd_bus_message_get_interface(message);
        const char *path = sd_bus_message_get_path(message);

        for (guint i = 0; i < m->exported->len; i++) {
                const BusInterface *interface = ((Exported *) g_ptr_array_index(m->exported, i))->interface;

                if (g_strcmp0(interface->name, name) == 0) {
                        return find_call(interface, sd_bus_message_get_member(message)) &&
                               (interface->find ? interface->find(m, path) != NULL
                                                : strcmp(interface->path, path) == 0);
                }
        }
        return false;
}

void call_resume(Manager *m, const BusInterface *interface, const BusCall *bus_call, sd_bus_message *message,
                 uid_t uid, const BusSubject *asked) {
        void *object = interface->find ? interface->find(m, sd_bus_message_get_path(message)) : m;
        TenantError error = { 0 };
        BusSubject now;
        int r = 0;

        if (object) {
                r = subject_of_call(m, interface, bus_call, message, object, &now, &error);
        }
        if (!object || r < 0 || !is_same(&now, asked)) {
                call_fail(message, call_is_stale(&error), &error);
                return;
        }
        run_handler(m, bus_call, message, object, uid, now.action);
}

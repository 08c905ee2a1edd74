/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tenant.c: create, remove, set: verbs that change what a tenant is. Judges no setting: the service does.
 * Owned by tenantctl.
 */
#include "ctl.h"
#include <stdio.h>

static int create_message(Ctl *c, char **args, int n_args, sd_bus_message **ret, TenantError *e) {
        int r = ctl_message(c, ret, BUS_ROOT, IFACE_MANAGER, "CreateTenant", e);

        if (r < 0) {
                return r;
        }
        r = sd_bus_message_append(*ret, "s", args[0]);
        if (r < 0) {
                return error_building(r, e);
        }
        return append_settings(*ret, args + 1, n_args - 1, opt_value(c, OPT_IMAGE), e);
}

int verb_create(Ctl *c, char **args, int n_args) {
        _cleanup_(jobs_free_p) JobSet *set = NULL;
        _cleanup_message_ sd_bus_message *m = NULL;
        TenantError e = { 0 };
        int r = create_message(c, args, n_args, &m, &e);

        if (r >= 0) {
                r = jobs_new(c, &set, &e);
        }
        if (r >= 0) {
                r = jobs_start(set, args[0], opt_value(c, OPT_IMAGE), m, &e);
        }
        return r < 0 ? ctl_fail(c, args[0], NULL, &e) : jobs_finish(set, "created");
}

static int remove_message(Ctl *c, const char *name, const void *userdata, sd_bus_message **ret,
                          TenantError *e) {
        int r = ctl_message(c, ret, BUS_ROOT, IFACE_MANAGER, "RemoveTenant", e);

        if (r < 0) {
                return r;
        }
        r = opt_given(c, OPT_FORCE) ? sd_bus_message_append(*ret, "sa{sv}", name, 1, "force", "b", 1)
                                    : sd_bus_message_append(*ret, "sa{sv}", name, 0);
        return r < 0 ? error_building(r, e) : 0;
}

int verb_remove(Ctl *c, char **args, int n_args) {
        return jobs_of_names(c, args, n_args, remove_message, NULL, "removed");
}

static void print_keys(const char *name, json_object *keys, const char *when) {
        for (size_t i = 0; i < json_object_array_length(keys); i++) {
                printf("%s: %s %s\n", name, json_object_get_string(json_object_array_get_idx(keys, i)),
                       when);
        }
}

static int print_set(Ctl *c, const char *name, json_object *reply) {
        json_object *live = json_object_array_get_idx(reply, 0),
                    *later = json_object_array_get_idx(reply, 1);

        if (opt_given(c, OPT_JSON)) {
                _cleanup_json_ json_object *o = json_object_new_object();

                json_set_text(o, "Name", name);
                json_object_object_add(o, "Live", json_object_get(live));
                json_object_object_add(o, "Later", json_object_get(later));
                return ctl_print_json(o);
        }
        if (!opt_given(c, OPT_QUIET)) {
                print_keys(name, live, "is in effect");
                print_keys(name, later, "takes effect at the next start");
        }
        return CTL_OK;
}

static int set_message(Ctl *c, char **args, int n_args, const char *path, sd_bus_message **ret,
                       TenantError *e) {
        int r = ctl_message(c, ret, path, IFACE_TENANT, "Set", e);

        if (r < 0) {
                return r;
        }
        r = append_settings(*ret, args + 1, n_args - 1, NULL, e);
        if (r < 0) {
                return r;
        }
        r = sd_bus_message_append(*ret, "a{sv}", 0);
        return r < 0 ? error_building(r, e) : 0;
}

int verb_set(Ctl *c, char **args, int n_args) {
        _cleanup_message_ sd_bus_message *m = NULL;
        _cleanup_json_ json_object *reply = NULL;
        _cleanup_free_ char *path = NULL;
        TenantError e = { 0 };
        int r = ctl_tenant_path(c, args[0], &path, &e);

        if (r >= 0) {
                r = set_message(c, args, n_args, path, &m, &e);
        }
        if (r >= 0) {
                r = ctl_send(c, m, CALL_TIMEOUT_USEC, &reply, &e);
        }
        return r < 0 ? ctl_fail(c, args[0], args[0], &e) : print_set(c, args[0], reply);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * backend-dbus.c: org.tenantd1.Backend. Plugins are loaded when somebody looks at them, and probed then: what a host can
 * do changes with its modules and packages. Owned by the agent.
 */
#include "backends.h"
#include "manager.h"
#include "strv.h"
#include <string.h>

void backend_object_look(enum tenant_kind kind, const char *name, BackendObject *ret) {
        TenantError error = { 0 };

        *ret = (BackendObject){ .kind = kind };
        snprintf(ret->name, sizeof(ret->name), "%s", name);
        if (plugin_load(kind, name, &ret->plugin, &error) < 0) {
                ret->plugin = NULL;
        } else {
                ret->usable = plugin_probe(ret->plugin, &host_default, &error) >= 0;
        }
        if (!ret->usable) {
                snprintf(ret->advice, sizeof(ret->advice), "%s", error.message);
        }
}

static int get_text(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        const BackendObject *o = userdata;
        const struct tenant_plugin *d = o->plugin ? &o->plugin->descriptor : NULL;
        const char *text = strcmp(property, "Kind") == 0      ? plugin_kind_name[o->kind]
                           : strcmp(property, "Name") == 0    ? o->name
                           : strcmp(property, "Advice") == 0  ? o->advice
                           : !d                               ? NULL
                           : strcmp(property, "Version") == 0 ? d->version
                                                              : d->summary;

        return sd_bus_message_append(reply, "s", text ? text : "");
}

static int get_usable(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        return sd_bus_message_append(reply, "b", ((const BackendObject *) userdata)->usable);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Kind", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Name", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Version", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Summary", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Usable", "b", get_usable, 0, 0),
        SD_BUS_PROPERTY("Advice", "s", get_text, 0, 0),
        SD_BUS_VTABLE_END,
};

static bool exists(enum tenant_kind kind, const char *name) {
        _cleanup_(strv_free_p) char **names = NULL;
        TenantError error = { 0 };

        return plugin_list(kind, &names, &error) >= 0 && strv_contains(names, name);
}

/* KIND_NAME, of which the name only is encoded. */
static char *path_of(enum tenant_kind kind, const char *name) {
        g_autofree char *encoded = bus_path_encode("/b", name);

        return g_strdup_printf(BUS_BACKENDS "/%s_%s", plugin_kind_name[kind], encoded + strlen("/b/"));
}

static char *name_of(enum tenant_kind kind, const char *path) {
        g_autofree char *prefix = g_strdup_printf(BUS_BACKENDS "/%s_", plugin_kind_name[kind]);
        g_autofree char *encoded =
                g_str_has_prefix(path, prefix) ? g_strdup_printf("/b/%s", path + strlen(prefix)) : NULL;

        return encoded ? bus_path_decode(encoded, "/b") : NULL;
}

/* What was found is good until the next look; the plugin and its yes are remembered by the loader. */
static void *find(Manager *m, const char *path) {
        for (enum tenant_kind k = 0; k < TENANT_KIND_COUNT; k++) {
                _cleanup_free_ char *name = name_of(k, path);

                if (name && exists(k, name)) {
                        backend_object_look(k, name, &m->backend);
                        return &m->backend;
                }
        }
        return NULL;
}

static void list(Manager *m, GPtrArray *paths) {
        for (enum tenant_kind k = 0; k < TENANT_KIND_COUNT; k++) {
                _cleanup_(strv_free_p) char **names = NULL;
                TenantError error = { 0 };

                if (plugin_list(k, &names, &error) < 0) {
                        continue;
                }
                for (char **i = names; *i; i++) {
                        g_ptr_array_add(paths, path_of(k, *i));
                }
        }
}

const BusInterface backend_interface = {
        .name = BUS_NAME ".Backend", .path = BUS_BACKENDS, .vtable = vtable, .find = find, .list = list
};

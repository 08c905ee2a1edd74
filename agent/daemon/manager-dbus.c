/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* manager-dbus.c: org.tenantd1.Manager. Owned by the agent. */
#include "config.h"
#include "docker.h"
#include "image.h"
#include "job.h"
#include "manager.h"
#include "name.h"
#include "options.h"
#include "parse.h"
#include "pending.h"
#include "strv.h"
#include "work.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

static int method_create_tenant(Call *call, TenantError *error) {
        _cleanup_(task_free_p) Task *task = task_new();
        const char *name;
        int r = sd_bus_message_read(call->message, "s", &name);

        if (r < 0) {
                return message_error(r, error);
        }
        if (definition_exists(name)) {
                return error_set(error, EEXIST, E_TENANT_EXISTS, "There is a tenant '%s' already", name);
        }
        task->tenant = g_strdup(name);
        r = settings_read(call->message, &task->settings, error);
        return r < 0 ? r : job_start(call, JOB_CREATE, TAKE_PTR(task), NULL, task_create, error);
}

static int method_remove_tenant(Call *call, TenantError *error) {
        _cleanup_(task_free_p) Task *task = task_new();
        bool force = false, up;
        const Option options[] = { { "force", OPTION_BOOLEAN, &force } };
        const char *name;
        Tenant *t = NULL;
        int r = sd_bus_message_read(call->message, "s", &name);

        if (r < 0) {
                return message_error(r, error);
        }
        r = options_read(call->message, options, ELEMENTSOF(options), error);
        if (r >= 0) {
                r = manager_find_tenant(call->manager, name, &t, error);
        }
        if (r == -ENOENT && allocation_exists(name)) {
                r = 0; /* an earlier removal failed halfway: this one goes on */
        }
        if (r < 0) {
                return r;
        }
        up = t && tenant_is_up(t);
        if (up && !force) {
                return error_set(error, EBUSY, E_RUNNING,
                                 "Tenant '%s' runs; stop it first, or give option force", name);
        }
        task->tenant = g_strdup(name);
        return job_start(call, JOB_REMOVE, TAKE_PTR(task), up ? "StopUnit" : NULL, task_remove, error);
}

static int method_get_tenant(Call *call, TenantError *error) {
        const char *name;
        Tenant *t;
        int r = sd_bus_message_read(call->message, "s", &name);

        if (r < 0) {
                return message_error(r, error);
        }
        r = manager_find_tenant(call->manager, name, &t, error);
        return r < 0 ? r : sd_bus_reply_method_return(call->message, "o", t->path);
}

static int append_text(sd_bus_message *reply, const char *key, const char *value) {
        return value && value[0] ? sd_bus_message_append(reply, "{sv}", key, "s", value) : 0;
}

static int append_tenant_details(sd_bus_message *reply, Tenant *t) {
        _cleanup_free_ char *endpoint = NULL;
        TenantError error = { 0 };
        int r = sd_bus_message_open_container(reply, 'a', "{sv}");

        if (tenant_load(t, &error) >= 0 && t->definition->docker_enabled &&
            docker_endpoint(t->definition, t->allocation, &endpoint, &error) < 0) {
                endpoint = NULL;
        }
        if (r >= 0) {
                r = append_text(reply, "Address", tenant_address(t));
        }
        if (r >= 0) {
                r = append_text(reply, "Profile", t->definition ? t->definition->profile : NULL);
        }
        if (r >= 0) {
                r = append_text(reply, "Endpoint", endpoint);
        }
        if (r >= 0) {
                r = append_text(reply, "Error", error.message);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_tenant(sd_bus_message *reply, Tenant *t) {
        int r = sd_bus_message_open_container(reply, 'r', "sssoa{sv}");

        tenant_try_load(t);
        if (r >= 0) {
                r = sd_bus_message_append(reply, "ssso", t->name, tenant_state_name(t),
                                          t->definition && t->definition->image ? t->definition->image : "",
                                          t->path);
        }
        if (r >= 0) {
                r = append_tenant_details(reply, t);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static gint compare_names(gconstpointer a, gconstpointer b) {
        return strcmp(a, b);
}

static GList *sorted_names(GHashTable *table) {
        return g_list_sort(g_hash_table_get_keys(table), compare_names);
}

/* Replies with an array of one struct for each value of the table, in order of the names. */
static int reply_with_list(Call *call, GHashTable *table, const char *type,
                           int (*append)(sd_bus_message *, void *), TenantError *error) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        g_autoptr(GList) names = sorted_names(table);
        int r = sd_bus_message_new_method_return(call->message, &reply);

        if (r >= 0) {
                r = sd_bus_message_open_container(reply, 'a', type);
        }
        for (GList *i = names; i && r >= 0; i = i->next) {
                r = append(reply, g_hash_table_lookup(table, i->data));
        }
        if (r >= 0) {
                r = sd_bus_message_close_container(reply);
        }
        return r < 0 ? message_error(r, error) : sd_bus_send(NULL, reply, NULL);
}

static int append_tenant_of_list(sd_bus_message *reply, void *t) {
        return append_tenant(reply, t);
}

static int method_list_tenants(Call *call, TenantError *error) {
        return reply_with_list(call, call->manager->tenants, "(sssoa{sv})", append_tenant_of_list, error);
}

static int check_new_image(const Manager *m, const char *name, TenantError *error) {
        return g_hash_table_contains(m->images, name)
                       ? error_set(error, EEXIST, E_IMAGE_EXISTS, "There is an image '%s' already", name)
                       : 0;
}

static int method_build_image(Call *call, TenantError *error) {
        _cleanup_(task_free_p) Task *task = task_new();
        const char *name, *suite, *profile = NULL;
        const Option options[] = {
                { "Profile", OPTION_STRING, &profile },
                { "Packages", OPTION_STRINGS, &task->packages },
        };
        int r = sd_bus_message_read(call->message, "ss", &name, &suite);

        if (r < 0) {
                return message_error(r, error);
        }
        r = options_read(call->message, options, ELEMENTSOF(options), error);
        if (r < 0) {
                return r;
        }
        task->image = g_strdup(name);
        task->suite = g_strdup(suite);
        task->profile = g_strdup(profile);
        r = work_check_build(task->suite, task->profile, task->packages, error);
        if (r >= 0) {
                r = check_new_image(call->manager, name, error);
        }
        return r < 0 ? r : job_start(call, JOB_BUILD_IMAGE, TAKE_PTR(task), NULL, task_build_image, error);
}

static int take_descriptor(sd_bus_message *message, Task *task, TenantError *error) {
        int fd, r = sd_bus_message_read(message, "v", "h", &fd);

        if (r < 0) {
                return message_error(r, error);
        }
        task->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (task->fd < 0) {
                return error_set_errno(error, errno, E_FAILED, "Cannot keep the descriptor");
        }
        r = fcntl(task->fd, F_GETFL);
        if (r < 0 || r & O_PATH || (r & O_ACCMODE) == O_WRONLY) {
                return error_set(error, EINVAL, E_INVALID_SETTING,
                                 "The descriptor must be open for reading");
        }
        return 0;
}

static int take_path(sd_bus_message *message, Task *task, TenantError *error) {
        const char *path;
        int r = sd_bus_message_read(message, "v", "s", &path);

        if (r < 0) {
                return message_error(r, error);
        }
        if (path[0] != '/') {
                return error_set(error, EINVAL, E_INVALID_SETTING,
                                 "The path must be absolute; '%.128s' is not", path);
        }
        task->path = g_strdup(path);
        return 0;
}

static int read_source(sd_bus_message *message, Task *task, TenantError *error) {
        const char *type;
        int r = sd_bus_message_peek_type(message, NULL, &type);

        if (r < 0) {
                return message_error(r, error);
        }
        if (strcmp(type, "h") == 0) {
                return take_descriptor(message, task, error);
        }
        if (strcmp(type, "s") == 0) {
                return take_path(message, task, error);
        }
        return error_set(error, EINVAL, E_INVALID_SETTING,
                         "The source must be a descriptor (h) or a path (s)");
}

static int method_import_image(Call *call, TenantError *error) {
        _cleanup_(task_free_p) Task *task = task_new();
        const char *name, *source = NULL;
        const Option options[] = { { "Source", OPTION_STRING, &source } };
        int r = sd_bus_message_read(call->message, "s", &name);

        if (r < 0) {
                return message_error(r, error);
        }
        task->image = g_strdup(name);
        r = read_source(call->message, task, error);
        if (r >= 0) {
                r = options_read(call->message, options, ELEMENTSOF(options), error);
        }
        if (r >= 0 && source && !text_is_safe(source, IMAGE_SOURCE_MAX)) {
                r = error_set(error, EINVAL, E_INVALID_SETTING, "Source must be a text of at most %u bytes",
                              IMAGE_SOURCE_MAX);
        }
        task->source = g_strdup(source);
        if (r >= 0) {
                r = check_new_image(call->manager, name, error);
        }
        return r < 0 ? r : job_start(call, JOB_IMPORT_IMAGE, TAKE_PTR(task), NULL, task_import_image, error);
}

static int append_image_details(sd_bus_message *reply, ImageObject *o) {
        const Image *i = image_object_load(o);
        int r;

        if (!i) {
                return append_text(reply, "Error", o->error.message);
        }
        r = append_text(reply, "Digest", i->digest);
        if (r >= 0) {
                r = append_text(reply, "Source", i->source);
        }
        if (r >= 0) {
                r = append_text(reply, "Profile", i->profile);
        }
        return r < 0 ? r
                     : sd_bus_message_append(reply, "{sv}{sv}{sv}", "SizeBytes", "t", i->size_bytes,
                                             "Entries", "t", i->entries, "CreatedUSec", "t",
                                             i->created_usec);
}

static int append_image_of_list(sd_bus_message *reply, void *object) {
        ImageObject *o = object;
        int r = sd_bus_message_open_container(reply, 'r', "soa{sv}");

        if (r >= 0) {
                r = sd_bus_message_append(reply, "so", o->name, o->path);
        }
        if (r >= 0) {
                r = sd_bus_message_open_container(reply, 'a', "{sv}");
        }
        if (r >= 0) {
                r = append_image_details(reply, o);
        }
        if (r >= 0) {
                r = sd_bus_message_close_container(reply);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int method_list_images(Call *call, TenantError *error) {
        return reply_with_list(call, call->manager->images, "(soa{sv})", append_image_of_list, error);
}

static int method_remove_image(Call *call, TenantError *error) {
        _cleanup_(task_free_p) Task *task = task_new();
        const char *name;
        int r = sd_bus_message_read(call->message, "s", &name);

        if (r < 0) {
                return message_error(r, error);
        }
        r = options_read_none(call->message, error);
        if (r < 0) {
                return r;
        }
        if (!g_hash_table_contains(call->manager->images, name)) {
                return error_set(error, ENOENT, E_NO_SUCH_IMAGE, "There is no image '%s'", name);
        }
        task->image = g_strdup(name);
        return job_start(call, JOB_REMOVE_IMAGE, TAKE_PTR(task), NULL, task_remove_image, error);
}

static const char *type_name(enum tenant_setting_type type) {
        static const char *const names[] = {
                [TENANT_TYPE_STRING] = "string",   [TENANT_TYPE_BOOLEAN] = "boolean",
                [TENANT_TYPE_SIZE] = "size",       [TENANT_TYPE_COUNT] = "count",
                [TENANT_TYPE_PERCENT] = "percent", [TENANT_TYPE_RATE] = "rate",
                [TENANT_TYPE_LIST] = "list",       [TENANT_TYPE_IPV4] = "ipv4",
                [TENANT_TYPE_CPUSET] = "cpuset",
        };

        return type < ELEMENTSOF(names) ? names[type] : "string";
}

static const char *or_empty(const char *text) {
        return text ? text : "";
}

static int append_backend_settings(sd_bus_message *reply, const Plugin *plugin) {
        int r = sd_bus_message_open_container(reply, 'e', "sv");

        if (r >= 0) {
                r = sd_bus_message_append(reply, "s", "Settings");
        }
        if (r >= 0) {
                r = sd_bus_message_open_container(reply, 'v', "aa{sv}");
        }
        if (r >= 0) {
                r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        }
        for (size_t i = 0; i < plugin->descriptor.n_settings && r >= 0; i++) {
                const struct tenant_setting *s = &plugin->descriptor.settings[i];

                r = sd_bus_message_append(reply, "a{sv}", 6, "Key", "s", s->key, "Type", "s",
                                          type_name(s->type), "Unit", "s", or_empty(s->unit), "Default", "s",
                                          or_empty(s->default_value), "Help", "s", or_empty(s->help), "Live",
                                          "b", !!(s->flags & TENANT_SETTING_LIVE));
        }
        for (int i = 0; i < 3 && r >= 0; i++) {
                r = sd_bus_message_close_container(reply);
        }
        return r;
}

static int append_backend(sd_bus_message *reply, const BackendObject *o) {
        int r = sd_bus_message_open_container(reply, 'r', "sssa{sv}");

        if (r >= 0) {
                r = sd_bus_message_append(reply, "sss", plugin_kind_name[o->kind], o->name,
                                          o->plugin ? or_empty(o->plugin->descriptor.summary) : "");
        }
        if (r >= 0) {
                r = sd_bus_message_open_container(reply, 'a', "{sv}");
        }
        if (r >= 0) {
                r = sd_bus_message_append(reply, "{sv}{sv}", "Usable", "b", o->usable, "Advice", "s",
                                          o->advice);
        }
        if (r >= 0 && o->plugin) {
                r = append_text(reply, "Version", o->plugin->descriptor.version);
        }
        if (r >= 0 && o->plugin) {
                r = append_backend_settings(reply, o->plugin);
        }
        if (r >= 0) {
                r = sd_bus_message_close_container(reply);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_backends(sd_bus_message *reply, TenantError *error) {
        for (enum tenant_kind k = 0; k < TENANT_KIND_COUNT; k++) {
                _cleanup_(strv_free_p) char **names = NULL;
                int r = plugin_list(k, &names, error);

                if (r < 0) {
                        return r;
                }
                for (char **i = names; *i; i++) {
                        BackendObject o;

                        backend_object_look(k, *i, &o);
                        r = append_backend(reply, &o);
                        if (r < 0) {
                                return message_error(r, error);
                        }
                }
        }
        return 0;
}

static int method_list_backends(Call *call, TenantError *error) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        int s, r = sd_bus_message_new_method_return(call->message, &reply);

        if (r >= 0) {
                r = sd_bus_message_open_container(reply, 'a', "(sssa{sv})");
        }
        if (r < 0) {
                return message_error(r, error);
        }
        s = append_backends(reply, error);
        if (s < 0) {
                return s;
        }
        r = sd_bus_message_close_container(reply);
        return r < 0 ? message_error(r, error) : sd_bus_send(NULL, reply, NULL);
}

static int reply_check_host(WorkResult *result, sd_bus_message *reply) {
        g_autoptr(GPtrArray) texts = NULL;
        int r;

        if (!work_result_take_strv(result, &texts) || texts->len % 3 != 0) {
                return -EBADMSG;
        }
        r = sd_bus_message_open_container(reply, 'a', "(sss)");
        for (guint i = 0; i < texts->len && r >= 0; i += 3) {
                r = sd_bus_message_append(reply, "(sss)", g_ptr_array_index(texts, i),
                                          g_ptr_array_index(texts, i + 1), g_ptr_array_index(texts, i + 2));
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int method_check_host(Call *call, TenantError *error) {
        return pending_start(call, task_new(), task_check_host, reply_check_host, 0, error);
}

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        return sd_bus_message_append(reply, "s", TENANTD_VERSION);
}

static int get_features(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        return sd_bus_message_append(reply, "as", 3, "docker", "images", "run");
}

#define JOB_RESULT "uo", SD_BUS_PARAM(id) SD_BUS_PARAM(job)

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        BUS_METHOD("CreateTenant", "sa{sv}", SD_BUS_PARAM(name) SD_BUS_PARAM(settings), JOB_RESULT),
        BUS_METHOD("RemoveTenant", "sa{sv}", SD_BUS_PARAM(name) SD_BUS_PARAM(options), JOB_RESULT),
        BUS_METHOD("GetTenant", "s", SD_BUS_PARAM(name), "o", SD_BUS_PARAM(tenant)),
        BUS_METHOD("ListTenants", NULL, BUS_NO_NAMES, "a(sssoa{sv})", SD_BUS_PARAM(tenants)),
        BUS_METHOD("BuildImage", "ssa{sv}", SD_BUS_PARAM(name) SD_BUS_PARAM(suite) SD_BUS_PARAM(options),
                   JOB_RESULT),
        BUS_METHOD("ImportImage", "sva{sv}", SD_BUS_PARAM(name) SD_BUS_PARAM(source) SD_BUS_PARAM(options),
                   JOB_RESULT),
        BUS_METHOD("ListImages", NULL, BUS_NO_NAMES, "a(soa{sv})", SD_BUS_PARAM(images)),
        BUS_METHOD("RemoveImage", "sa{sv}", SD_BUS_PARAM(name) SD_BUS_PARAM(options), JOB_RESULT),
        BUS_METHOD("ListBackends", NULL, BUS_NO_NAMES, "a(sssa{sv})", SD_BUS_PARAM(backends)),
        BUS_METHOD("CheckHost", NULL, BUS_NO_NAMES, "a(sss)", SD_BUS_PARAM(checks)),
        SD_BUS_SIGNAL_WITH_NAMES("JobRemoved", "uoss",
                                 SD_BUS_PARAM(id) SD_BUS_PARAM(job) SD_BUS_PARAM(result) SD_BUS_PARAM(error),
                                 0),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Features", "as", get_features, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_VTABLE_END,
};

static const BusCall calls[] = {
        { "CreateTenant", ACTION_MANAGE_TENANTS, method_create_tenant, ABOUT_TENANT },
        { "RemoveTenant", ACTION_MANAGE_TENANTS, method_remove_tenant, ABOUT_TENANT },
        { "GetTenant", ACTION_INSPECT, method_get_tenant, ABOUT_TENANT },
        { "ListTenants", ACTION_INSPECT, method_list_tenants },
        { "BuildImage", ACTION_MANAGE_IMAGES, method_build_image, ABOUT_IMAGE },
        { "ImportImage", ACTION_MANAGE_IMAGES, method_import_image, ABOUT_IMAGE },
        { "ListImages", ACTION_INSPECT, method_list_images },
        { "RemoveImage", ACTION_MANAGE_IMAGES, method_remove_image, ABOUT_IMAGE },
        { "ListBackends", ACTION_INSPECT, method_list_backends },
        { "CheckHost", ACTION_INSPECT, method_check_host },
        { NULL },
};

const BusInterface manager_interface = {
        .name = BUS_NAME ".Manager",
        .path = BUS_ROOT,
        .vtable = vtable,
        .calls = calls,
};

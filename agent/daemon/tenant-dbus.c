/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tenant-dbus.c: org.tenantd1.Tenant. Owned by the agent. */
#include "manager.h"
#include "options.h"
#include "pending.h"
#include "running.h"
#include "unit.h"
#include "usage.h"
#include <errno.h>
#include <signal.h>
#include <string.h>

#define RUN_TIMEOUT_MAX_USEC (3600 * USEC_PER_SEC)
#define RUN_INPUT_MAX (1024u * 1024)
#define RUN_ARGUMENTS_MAX 256u

static Task *task_of(const Tenant *t) {
        Task *task = task_new();

        task->tenant = g_strdup(t->name);
        return task;
}

static int start_job(Call *call, JobOperation operation, const char *unit_method, TenantError *error) {
        return job_start(call, operation, task_of(call->object), unit_method, NULL, error);
}

static int method_start(Call *call, TenantError *error) {
        Tenant *t = call->object;
        int r = options_read_none(call->message, error);

        if (r >= 0) {
                r = tenant_load(t, error);
        }
        if (r < 0) {
                return r;
        }
        if (tenant_is_locked(t->name)) {
                return error_set(error, EBUSY, E_RUNNING, "Tenant '%s' runs already", t->name);
        }
        return start_job(call, JOB_START, "StartUnit", error);
}

static int not_running(const Tenant *t, TenantError *error) {
        return error_set(error, ESRCH, E_NOT_RUNNING,
                         "Tenant '%s' does not run; start it with: tenantctl start %s", t->name, t->name);
}

static int method_stop(Call *call, TenantError *error) {
        Tenant *t = call->object;
        int r = options_read_none(call->message, error);

        if (r < 0) {
                return r;
        }
        if (!tenant_is_up(t)) {
                return not_running(t, error);
        }
        return start_job(call, JOB_STOP, "StopUnit", error);
}

static int method_restart(Call *call, TenantError *error) {
        int r = options_read_none(call->message, error);

        if (r >= 0) {
                r = tenant_load(call->object, error);
        }
        return r < 0 ? r : start_job(call, JOB_RESTART, "RestartUnit", error);
}

static int method_kill(Call *call, TenantError *error) {
        Tenant *t = call->object;
        int32_t signo;
        int r = sd_bus_message_read(call->message, "i", &signo);

        if (r < 0) {
                return message_error(r, error);
        }
        r = options_read_none(call->message, error);
        if (r < 0) {
                return r;
        }
        if (signo < 1 || signo > SIGRTMAX) {
                return error_set(error, EINVAL, E_INVALID_SETTING, "There is no signal %d; allowed: 1 to %d",
                                 signo, SIGRTMAX);
        }
        if (!tenant_is_up(t)) {
                return not_running(t, error);
        }
        return unit_kill(call, t->name, signo, error);
}

static int append_words(WorkResult *result, sd_bus_message *reply) {
        g_autoptr(GPtrArray) words = NULL;
        int r;

        if (!work_result_take_strv(result, &words)) {
                return -EBADMSG;
        }
        r = sd_bus_message_open_container(reply, 'a', "s");
        for (guint i = 0; i < words->len && r >= 0; i++) {
                r = sd_bus_message_append(reply, "s", g_ptr_array_index(words, i));
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int reply_set(WorkResult *result, sd_bus_message *reply) {
        int r = append_words(result, reply);

        return r < 0 ? r : append_words(result, reply);
}

static int method_set(Call *call, TenantError *error) {
        _cleanup_(task_free_p) Task *task = task_of(call->object);
        int r = tenant_load(call->object, error);

        if (r >= 0) {
                r = settings_read(call->message, &task->settings, error);
        }
        if (r >= 0) {
                r = options_read_none(call->message, error);
        }
        return r < 0 ? r : pending_start(call, TAKE_PTR(task), task_set, reply_set, PENDING_WRITES, error);
}

static int method_get_usage(Call *call, TenantError *error) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        int r = sd_bus_message_new_method_return(call->message, &reply);

        if (r < 0) {
                return message_error(r, error);
        }
        r = usage_append(call->object, reply, error);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int reply_run(WorkResult *result, sd_bus_message *reply) {
        const char *status, *data;
        size_t size;
        int32_t number;
        int r;

        if (!work_result_take(result, &status, &size) || size != sizeof(number)) {
                return -EBADMSG;
        }
        memcpy(&number, status, sizeof(number));
        r = sd_bus_message_append(reply, "i", number);
        for (int i = 0; i < 2 && r >= 0; i++) {
                r = work_result_take(result, &data, &size)
                            ? sd_bus_message_append_array(reply, 'y', data, size)
                            : -EBADMSG;
        }
        if (r >= 0 && (!work_result_take(result, &data, &size) || size != 1)) {
                r = -EBADMSG;
        }
        return r < 0 ? r : sd_bus_message_append(reply, "b", data[0] != 0);
}

static int check_run(const Task *task, TenantError *error) {
        size_t n = 0;

        while (task->argv && task->argv[n]) {
                n++;
        }
        if (n == 0 || n > RUN_ARGUMENTS_MAX || !task->argv[0][0]) {
                return error_set(error, EINVAL, E_INVALID_SETTING,
                                 "A program and at most %u arguments, please", RUN_ARGUMENTS_MAX - 1);
        }
        if (task->timeout_usec > RUN_TIMEOUT_MAX_USEC) {
                return error_set(error, EINVAL, E_INVALID_SETTING,
                                 "TimeoutUSec must be at most an hour (%llu)", RUN_TIMEOUT_MAX_USEC);
        }
        if (task->input && g_bytes_get_size(task->input) > RUN_INPUT_MAX) {
                return error_set(error, EINVAL, E_INVALID_SETTING, "Input must be at most %u bytes",
                                 RUN_INPUT_MAX);
        }
        return 0;
}

static int method_run(Call *call, TenantError *error) {
        _cleanup_(task_free_p) Task *task = task_of(call->object);
        const Option options[] = {
                { "TimeoutUSec", OPTION_U64, &task->timeout_usec },
                { "Input", OPTION_BYTES, &task->input },
        };
        int r = sd_bus_message_read_strv(call->message, &task->argv);

        if (r < 0) {
                return message_error(r, error);
        }
        r = options_read(call->message, options, ELEMENTSOF(options), error);
        if (r >= 0) {
                r = check_run(task, error);
        }
        if (r < 0) {
                return r;
        }
        if (!tenant_is_locked(((Tenant *) call->object)->name)) {
                return not_running(call->object, error);
        }
        return pending_start(call, TAKE_PTR(task), task_run, reply_run, PENDING_FOR_CALLER, error);
}

static int get_text(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        Tenant *t = userdata;
        const char *text = NULL;

        tenant_try_load(t);
        if (strcmp(property, "Name") == 0) {
                text = t->name;
        } else if (strcmp(property, "State") == 0) {
                text = tenant_state_name(t);
        } else if (strcmp(property, "Address") == 0) {
                text = tenant_address(t);
        } else if (strcmp(property, "Uuid") == 0) {
                text = t->allocation ? t->allocation->uuid : NULL;
        } else if (t->definition) {
                text = strcmp(property, "Image") == 0 ? t->definition->image : t->definition->profile;
        }
        return sd_bus_message_append(reply, "s", text ? text : "");
}

static int get_unit(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        g_autofree char *unit = g_strdup_printf(UNIT_FORMAT, ((Tenant *) userdata)->name);

        return sd_bus_message_append(reply, "s", unit);
}

static int get_ids(sd_bus *bus, const char *path, const char *interface, const char *property,
                   sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        Tenant *t = userdata;
        IdRange ids = { 0 };

        tenant_try_load(t);
        if (t->allocation) {
                ids = t->allocation->ids;
        }
        return sd_bus_message_append(reply, "u", strcmp(property, "IdBase") == 0 ? ids.base : ids.count);
}

static int get_backends(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        Tenant *t = userdata;
        int r = sd_bus_message_open_container(reply, 'a', "{ss}");

        tenant_try_load(t);
        for (int k = 0; k < TENANT_KIND_COUNT && r >= 0; k++) {
                if (t->allocation && t->allocation->backends[k]) {
                        r = sd_bus_message_append(reply, "{ss}", plugin_kind_name[k],
                                                  t->allocation->backends[k]);
                }
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_settings(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        Tenant *t = userdata;
        int r = sd_bus_message_open_container(reply, 'a', "{ss}");

        tenant_try_load(t);
        for (size_t i = 0; t->definition && i < t->definition->keyfile->n_entries && r >= 0; i++) {
                const KeyfileEntry *e = &t->definition->keyfile->entries[i];
                g_autofree char *key = g_strdup_printf("%s.%s", e->section, e->key);

                r = sd_bus_message_append(reply, "{ss}", key, e->value);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

#define JOB_RESULT "uo", SD_BUS_PARAM(id) SD_BUS_PARAM(job)

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        BUS_METHOD("Start", "a{sv}", SD_BUS_PARAM(options), JOB_RESULT),
        BUS_METHOD("Stop", "a{sv}", SD_BUS_PARAM(options), JOB_RESULT),
        BUS_METHOD("Restart", "a{sv}", SD_BUS_PARAM(options), JOB_RESULT),
        BUS_METHOD("Kill", "ia{sv}", SD_BUS_PARAM(signal) SD_BUS_PARAM(options), NULL, BUS_NO_NAMES),
        BUS_METHOD("Set", "a{sv}a{sv}", SD_BUS_PARAM(settings) SD_BUS_PARAM(options), "asas",
                   SD_BUS_PARAM(live) SD_BUS_PARAM(later)),
        BUS_METHOD("GetUsage", NULL, BUS_NO_NAMES, "a{sv}", SD_BUS_PARAM(usage)),
        BUS_METHOD("Run", "asa{sv}", SD_BUS_PARAM(argv) SD_BUS_PARAM(options), "iayayb",
                   SD_BUS_PARAM(status) SD_BUS_PARAM(output) SD_BUS_PARAM(errors) SD_BUS_PARAM(truncated)),
        SD_BUS_PROPERTY("Name", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Uuid", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("State", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Image", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Profile", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Unit", "s", get_unit, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("IdBase", "u", get_ids, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("IdCount", "u", get_ids, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Address", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Backends", "a{ss}", get_backends, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Settings", "a{ss}", get_settings, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};

static const BusCall calls[] = {
        { "Start", ACTION_CONTROL_TENANTS, method_start },
        { "Stop", ACTION_CONTROL_TENANTS, method_stop },
        { "Restart", ACTION_CONTROL_TENANTS, method_restart },
        { "Kill", ACTION_CONTROL_TENANTS, method_kill },
        { "Set", ACTION_MANAGE_TENANTS, method_set },
        { "GetUsage", ACTION_INSPECT, method_get_usage },
        { "Run", ACTION_RUN, method_run },
        { NULL },
};

static void *find(Manager *m, const char *path) {
        _cleanup_free_ char *name = bus_path_decode(path, BUS_TENANTS);

        return name ? g_hash_table_lookup(m->tenants, name) : NULL;
}

static void list(Manager *m, GPtrArray *paths) {
        GHashTableIter i;
        gpointer value;

        g_hash_table_iter_init(&i, m->tenants);
        while (g_hash_table_iter_next(&i, NULL, &value)) {
                g_ptr_array_add(paths, g_strdup(((Tenant *) value)->path));
        }
}

static void subject(void *object, BusSubject *ret) {
        Tenant *t = object;
        int n = 0;

        tenant_try_load(t);
        snprintf(ret->tenant, sizeof(ret->tenant), "%s", t->name);
        ret->serial = t->serial;
        for (int k = 0; k < TENANT_KIND_COUNT; k++) {
                n += snprintf(ret->backends + n, sizeof(ret->backends) - (size_t) n, "%s%s", n ? " " : "",
                              t->allocation && t->allocation->backends[k] ? t->allocation->backends[k] : "");
        }
}

const BusInterface tenant_interface = {
        .name = BUS_NAME ".Tenant",
        .path = BUS_TENANTS,
        .vtable = vtable,
        .calls = calls,
        .find = find,
        .list = list,
        .subject = subject,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* docker-dbus.c: org.tenantd1.Docker, on a tenant's object when its definition enables Docker. Owned by the agent. */
#include "docker.h"
#include "job.h"
#include "manager.h"
#include "options.h"
#include "parse.h"
#include "pending.h"
#include <errno.h>

#define DAYS_DEFAULT 365u
#define DAYS_MAX 825u
#define COMMON_NAME_MAX 64u

static int reply_credentials(WorkResult *result, sd_bus_message *reply) {
        static const char *const keys[] = { "ca", "cert", "key", "endpoint" };
        const char *value;
        int r = sd_bus_message_open_container(reply, 'a', "{ss}");

        for (size_t i = 0; i < ELEMENTSOF(keys) && r >= 0; i++) {
                r = work_result_take(result, &value, NULL)
                            ? sd_bus_message_append(reply, "{ss}", keys[i], value)
                            : -EBADMSG;
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int method_get_credentials(Call *call, TenantError *error) {
        _cleanup_(task_free_p) Task *task = task_new();
        const Tenant *t = call->object;
        const char *common_name = NULL;
        const Option options[] = {
                { "CommonName", OPTION_STRING, &common_name },
                { "Days", OPTION_U32, &task->days },
        };
        int r;

        task->days = DAYS_DEFAULT;
        r = options_read(call->message, options, ELEMENTSOF(options), error);
        if (r < 0) {
                return r;
        }
        if (task->days < 1 || task->days > DAYS_MAX) {
                return error_set(error, EINVAL, E_INVALID_SETTING, "Days must be 1 to %u", DAYS_MAX);
        }
        if (common_name && !text_is_safe(common_name, COMMON_NAME_MAX)) {
                return error_set(error, EINVAL, E_INVALID_SETTING,
                                 "CommonName must be a text of at most %u bytes", COMMON_NAME_MAX);
        }
        task->tenant = g_strdup(t->name);
        task->common_name = g_strdup(common_name);
        return pending_start(call, TAKE_PTR(task), task_credentials, reply_credentials, 0, error);
}

static int method_rotate(Call *call, TenantError *error) {
        const Tenant *t = call->object;
        Task *task;
        int r = options_read_none(call->message, error);

        if (r < 0) {
                return r;
        }
        task = task_new();
        task->tenant = g_strdup(t->name);
        return job_start(call, JOB_ROTATE, task, NULL, task_rotate, error);
}

static int get_state(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        const Tenant *t = userdata;

        return sd_bus_message_append(reply, "s", docker_state_name(t));
}

static int get_endpoint(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        _cleanup_free_ char *endpoint = NULL;
        Tenant *t = userdata;
        TenantError error = { 0 };

        if (tenant_load(t, &error) < 0 ||
            docker_endpoint(t->definition, t->allocation, &endpoint, &error) < 0) {
                return sd_bus_message_append(reply, "s", "");
        }
        return sd_bus_message_append(reply, "s", endpoint);
}

static int get_port(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        Tenant *t = userdata;

        tenant_try_load(t);
        return sd_bus_message_append(reply, "q", t->allocation ? t->allocation->docker_port : 0);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        BUS_METHOD("GetCredentials", "a{sv}", SD_BUS_PARAM(options), "a{ss}", SD_BUS_PARAM(credentials)),
        BUS_METHOD("Rotate", "a{sv}", SD_BUS_PARAM(options), "uo", SD_BUS_PARAM(id) SD_BUS_PARAM(job)),
        SD_BUS_PROPERTY("State", "s", get_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Endpoint", "s", get_endpoint, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Port", "q", get_port, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};

static const BusCall calls[] = {
        { "GetCredentials", ACTION_CREDENTIALS, method_get_credentials },
        { "Rotate", ACTION_CREDENTIALS, method_rotate },
        { NULL },
};

static void *find(Manager *m, const char *path) {
        Tenant *t = tenant_interface.find(m, path);

        if (t) {
                tenant_try_load(t);
                t->has_docker = t->definition && t->definition->docker_enabled;
        }
        return t && t->has_docker ? t : NULL;
}

static void subject(void *object, BusSubject *ret) {
        tenant_interface.subject(object, ret);
}

const BusInterface docker_interface = {
        .name = BUS_NAME ".Docker",
        .path = BUS_TENANTS,
        .vtable = vtable,
        .calls = calls,
        .find = find,
        .subject = subject,
};

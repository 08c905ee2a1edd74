/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* job-dbus.c: org.tenantd1.Job. Owned by the agent. */
#include "job.h"
#include "manager.h"
#include "parse.h"
#include <string.h>

static int method_cancel(Call *call, TenantError *error) {
        int r = job_cancel(call->object, error);

        return r < 0 ? r : sd_bus_reply_method_return(call->message, NULL);
}

static int get_text(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        const Job *job = userdata;
        const char *text = strcmp(property, "Operation") == 0 ? job_operation_name[job->operation]
                           : strcmp(property, "Tenant") == 0  ? job->task->tenant
                           : strcmp(property, "Image") == 0   ? job->task->image
                           : strcmp(property, "Stage") == 0   ? job->stage
                           : strcmp(property, "State") == 0   ? job_state_name[job->state]
                                                              : job->error;

        return sd_bus_message_append(reply, "s", text ? text : "");
}

static int get_progress(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        return sd_bus_message_append(reply, "d", ((const Job *) userdata)->progress);
}

static int get_uid(sd_bus *bus, const char *path, const char *interface, const char *property,
                   sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        return sd_bus_message_append(reply, "u", (uint32_t) ((const Job *) userdata)->uid);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        BUS_METHOD("Cancel", NULL, BUS_NO_NAMES, NULL, BUS_NO_NAMES),
        SD_BUS_PROPERTY("Operation", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Tenant", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Image", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("StartedByUID", "u", get_uid, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Progress", "d", get_progress, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Stage", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("State", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Error", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};

static const BusCall calls[] = {
        { "Cancel", ACTION_OF_JOB, method_cancel },
        { NULL },
};

static void *find(Manager *m, const char *path) {
        _cleanup_free_ char *name = bus_path_decode(path, BUS_JOBS);
        uint32_t id;

        return name && parse_u32(name, &id) >= 0 ? g_hash_table_lookup(m->jobs, GUINT_TO_POINTER(id)) : NULL;
}

static void list(Manager *m, GPtrArray *paths) {
        GHashTableIter i;
        gpointer value;

        g_hash_table_iter_init(&i, m->jobs);
        while (g_hash_table_iter_next(&i, NULL, &value)) {
                g_ptr_array_add(paths, g_strdup(((Job *) value)->path));
        }
}

static void subject(void *object, BusSubject *ret) {
        const Job *job = object;

        snprintf(ret->tenant, sizeof(ret->tenant), "%s", job->task->tenant ? job->task->tenant : "");
        snprintf(ret->image, sizeof(ret->image), "%s", job->task->image ? job->task->image : "");
        ret->action = job->action;
        ret->serial = job->id;
}

const BusInterface job_interface = {
        .name = BUS_NAME ".Job",
        .path = BUS_JOBS,
        .vtable = vtable,
        .calls = calls,
        .find = find,
        .list = list,
        .subject = subject,
};

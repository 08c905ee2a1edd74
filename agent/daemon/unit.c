/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unit.c: see unit.h. systemd's word is taken as it comes; units that are no tenant's are passed over. Owned by the agent. */
#include "unit.h"
#include "log.h"
#include "manager.h"
#include "tenant.h"
#include <errno.h>
#include <string.h>

#define SYSTEMD "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"
/* systemd answers when it has queued the job; it may be busy at boot. */
#define SYSTEMD_TIMEOUT_USEC (90 * USEC_PER_SEC)

static const struct {
        const char *active_state;
        TenantState state;
} states[] = {
        { "inactive", TENANT_STOPPED },     { "activating", TENANT_STARTING },
        { "active", TENANT_RUNNING },       { "reloading", TENANT_RUNNING },
        { "failed", TENANT_FAILED },        { "deactivating", TENANT_STOPPING },
        { "maintenance", TENANT_STOPPING },
};

/* "tenant@acme.service" → "acme"; NULL: not a tenant's. g_free. */
static char *tenant_of_unit(const char *unit) {
        return g_str_has_prefix(unit, "tenant@") && g_str_has_suffix(unit, ".service")
                       ? g_strndup(unit + strlen("tenant@"), strlen(unit) - strlen("tenant@.service"))
                       : NULL;
}

static Job *find_unit_job(Manager *m, const char *unit_job) {
        GHashTableIter i;
        gpointer value;

        g_hash_table_iter_init(&i, m->jobs);
        while (g_hash_table_iter_next(&i, NULL, &value)) {
                Job *job = value;

                if (job->is_unit && job->state == JOB_RUNNING && g_strcmp0(job->unit_job, unit_job) == 0) {
                        return job;
                }
        }
        return NULL;
}

static int on_job_removed(sd_bus_message *message, void *userdata, sd_bus_error *reterr_error) {
        Manager *m = userdata;
        const char *path, *unit, *result;
        uint32_t id;
        Job *job;
        int r = sd_bus_message_read(message, "uoss", &id, &path, &unit, &result);

        if (r < 0) {
                log_debug("Cannot read JobRemoved of systemd, ignoring: %s", strerror(-r));
                return 0;
        }
        /* Should systemd have made one job of several of ours, it is the end of them all. */
        while ((job = find_unit_job(m, path))) {
                job_unit_ended(job, result);
        }
        return 0;
}

static void take_active_state(Manager *m, const char *unit, const char *active_state) {
        g_autofree char *name = tenant_of_unit(unit);
        Tenant *t = name ? g_hash_table_lookup(m->tenants, name) : NULL;

        for (size_t i = 0; t && i < ELEMENTSOF(states); i++) {
                if (strcmp(states[i].active_state, active_state) == 0) {
                        t->is_told = true;
                        tenant_set_state(t, states[i].state);
                }
        }
}

/* After the interface's name: finds ActiveState in the a{sv}. */
static int read_active_state(sd_bus_message *message, const char **ret) {
        const char *key;
        int r = sd_bus_message_enter_container(message, 'a', "{sv}");

        *ret = NULL;
        while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = sd_bus_message_read(message, "s", &key);
                if (r >= 0 && strcmp(key, "ActiveState") == 0) {
                        return sd_bus_message_read(message, "v", "s", ret);
                }
                if (r >= 0) {
                        r = sd_bus_message_skip(message, "v");
                }
                if (r >= 0) {
                        r = sd_bus_message_exit_container(message);
                }
        }
        return r;
}

static int on_unit_changed(sd_bus_message *message, void *userdata, sd_bus_error *reterr_error) {
        _cleanup_free_ char *unit = bus_path_decode(sd_bus_message_get_path(message), SYSTEMD_PATH "/unit");
        const char *interface, *active_state;
        int r;

        if (!unit || !g_str_has_prefix(unit, "tenant@")) {
                return 0;
        }
        r = sd_bus_message_read(message, "s", &interface);
        if (r >= 0) {
                r = read_active_state(message, &active_state);
        }
        if (r < 0) {
                log_debug("Cannot read a change of %s, ignoring: %s", unit, strerror(-r));
        } else if (active_state) {
                take_active_state(userdata, unit, active_state);
        }
        return 0;
}

/* From now on systemd tells; what changed since the tenants were read it has told nobody. */
static int on_subscribed(sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        const sd_bus_error *e = sd_bus_message_get_error(reply);
        Manager *m = userdata;
        GHashTableIter i;
        gpointer t;

        if (e) {
                log_warning("systemd does not tell us of changes (%s); states may be old, ignoring",
                            e->message);
        }
        g_hash_table_iter_init(&i, m->tenants);
        while (g_hash_table_iter_next(&i, NULL, &t)) {
                tenant_look_again(t);
        }
        return 0;
}

int unit_watch(Manager *m, TenantError *error) {
        int r = sd_bus_match_signal_async(m->bus, NULL, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, "JobRemoved",
                                          on_job_removed, NULL, m);

        if (r >= 0) {
                r = sd_bus_add_match_async(
                        m->bus, NULL,
                        "type='signal',sender='" SYSTEMD "',path_namespace='" SYSTEMD_PATH "/unit',"
                        "interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',"
                        "arg0='" SYSTEMD ".Unit'",
                        on_unit_changed, NULL, m);
        }
        if (r >= 0) {
                r = sd_bus_call_method_async(m->bus, NULL, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                             "Subscribe", on_subscribed, m, NULL);
        }
        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot watch systemd") : 0;
}

static int new_call(Manager *m, const char *tenant, const char *method, sd_bus_message **ret) {
        _cleanup_message_ sd_bus_message *message = NULL;
        g_autofree char *unit = g_strdup_printf(UNIT_FORMAT, tenant);
        int r = sd_bus_message_new_method_call(m->bus, &message, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                               method);

        if (r >= 0) {
                r = sd_bus_message_append(message, "s", unit);
        }
        if (r >= 0) {
                *ret = TAKE_PTR(message);
        }
        return r;
}

static int systemd_error(const sd_bus_error *e, const char *tenant, TenantError *error) {
        return error_set(error, EIO, E_HOST_NOT_READY, "systemd refuses for " UNIT_FORMAT ": %s", tenant,
                         e->message ? e->message : e->name);
}

static int on_queued(sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        Job *job = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(reply);
        TenantError error = { 0 };
        const char *path;
        int r;

        if (e) {
                job_unit_refused(job, systemd_error(e, job->task->tenant, &error), &error);
                return 0;
        }
        r = sd_bus_message_read(reply, "o", &path);
        if (r < 0) {
                job_unit_refused(job, message_error(r, &error), &error);
                return 0;
        }
        job->unit_job = g_strdup(path);
        if (job->cancelled && job->operation != JOB_REMOVE) {
                unit_cancel_start(job);
        }
        return 0;
}

void unit_begin(Job *job, const char *method) {
        _cleanup_message_ sd_bus_message *message = NULL;
        TenantError error = { 0 };
        int r = new_call(job->manager, job->task->tenant, method, &message);

        job->is_unit = true;
        if (r >= 0) {
                r = sd_bus_message_append(message, "s", "replace");
        }
        if (r >= 0) {
                r = sd_bus_call_async(job->manager->bus, &job->unit_call, message, on_queued, job,
                                      SYSTEMD_TIMEOUT_USEC);
        }
        if (r < 0) {
                job_unit_refused(job, error_set_errno(&error, r, E_FAILED, "Cannot call systemd"), &error);
        }
}

void unit_cancel_start(Job *job) {
        _cleanup_message_ sd_bus_message *message = NULL;
        int r;

        if (!job->unit_job) {
                return; /* on_queued() comes back */
        }
        r = new_call(job->manager, job->task->tenant, "StopUnit", &message);
        if (r >= 0) {
                r = sd_bus_message_append(message, "s", "replace");
        }
        if (r >= 0) {
                /* The job of the start ends with "canceled"; that is the answer. */
                r = sd_bus_send(job->manager->bus, message, NULL);
        }
        if (r < 0) {
                log_warning("Cannot stop " UNIT_FORMAT ", ignoring: %s", job->task->tenant, strerror(-r));
        }
}

/* Userdata of a KillUnit: the caller's message, which the slot owns. */
static int on_killed(sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        sd_bus_message *message = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(reply);
        TenantError error = { 0 };

        if (e) {
                int r = error_set(&error, EIO, E_FAILED, "systemd refuses: %s",
                                  e->message ? e->message : e->name);

                call_fail(message, r, &error);
        } else {
                (void) sd_bus_reply_method_return(message, NULL); /* gone: nobody to tell */
        }
        return 1;
}

static void message_destroyed(void *userdata) {
        sd_bus_message_unref(userdata);
}

int unit_kill(const Call *call, const char *tenant, int signo, TenantError *error) {
        _cleanup_message_ sd_bus_message *message = NULL;
        sd_bus_slot *slot = NULL;
        int r = new_call(call->manager, tenant, "KillUnit", &message);

        if (r >= 0) {
                r = sd_bus_message_append(message, "si", "all", signo);
        }
        if (r >= 0) {
                r = sd_bus_call_async(call->manager->bus, &slot, message, on_killed, call->message,
                                      SYSTEMD_TIMEOUT_USEC);
        }
        if (r < 0) {
                return error_set_errno(error, r, E_FAILED, "Cannot call systemd");
        }
        sd_bus_message_ref(call->message);
        (void) sd_bus_slot_set_destroy_callback(slot,
                                                message_destroyed); /* cannot fail for a slot of ours */
        (void) sd_bus_slot_set_floating(slot, true); /* as above: the bus owns it from now on */
        sd_bus_slot_unref(slot);
        return 0;
}

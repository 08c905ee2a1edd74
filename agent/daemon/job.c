/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* job.c: see job.h. Nothing of a job is on disk: when the agent dies, its jobs are over. Owned by the agent. */
#include "job.h"
#include "errors.h"
#include "gate.h"
#include "io.h"
#include "log.h"
#include "manager.h"
#include "paths.h"
#include "pending.h"
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

const char *const job_operation_name[] = {
        [JOB_CREATE] = "create",
        [JOB_REMOVE] = "remove",
        [JOB_START] = "start",
        [JOB_STOP] = "stop",
        [JOB_RESTART] = "restart",
        [JOB_ROTATE] = "rotate",
        [JOB_BUILD_IMAGE] = "build-image",
        [JOB_IMPORT_IMAGE] = "import-image",
        [JOB_REMOVE_IMAGE] = "remove-image",
};

const char *const job_state_name[] = {
        [JOB_RUNNING] = "running",   [JOB_DONE] = "done",       [JOB_FAILED] = "failed",
        [JOB_CANCELED] = "canceled", [JOB_TIMEOUT] = "timeout",
};

static void begin_worker(Job *job);

Job *job_free(Job *job) {
        if (job) {
                (void) worker_free(job->worker); /* returns NULL */
                sd_bus_slot_unref(job->unit_call);
                sd_event_source_disable_unref(job->linger);
                (void) task_free(job->task); /* returns NULL */
                g_free(job->path);
                g_free(job->error);
                g_free(job->unit_job);
                g_free(job);
        }
        return NULL;
}

static void remove_job(Job *job) {
        Manager *m = job->manager;

        (void) sd_bus_emit_object_removed(m->bus, job->path); /* the bus is gone: we end soon */
        (void) g_hash_table_remove(m->jobs, GUINT_TO_POINTER(job->id)); /* frees it */
}

static int on_lingered(sd_event_source *s, uint64_t usec, void *userdata) {
        remove_job(userdata);
        return 0;
}

/* Many short jobs in 30 seconds must not fill the memory: the oldest goes early. */
static void bound_lingering(Manager *m) {
        GHashTableIter i;
        gpointer value;
        Job *oldest = NULL;

        if (g_hash_table_size(m->jobs) <= JOBS_LINGERING_MAX) {
                return;
        }
        g_hash_table_iter_init(&i, m->jobs);
        while (g_hash_table_iter_next(&i, NULL, &value)) {
                Job *job = value;

                if (job->state != JOB_RUNNING && (!oldest || job->id < oldest->id)) {
                        oldest = job;
                }
        }
        if (oldest) {
                remove_job(oldest);
        }
}

static LogContext context_of(const Job *job) {
        return (LogContext){ .tenant = job->task->tenant, .job = job->id };
}

static void log_end(const Job *job) {
        const char *subject = job->task->tenant ? job->task->tenant : job->task->image;
        const LogContext before = log_context;

        log_context = context_of(job);
        if (job->state == JOB_DONE) {
                log_info("Job %u: %s of '%s' done", job->id, job_operation_name[job->operation], subject);
        } else {
                log_event(LOG_WARNING, job->state == JOB_CANCELED ? NULL : LOG_ID_JOB_FAILED,
                          "Job %u: %s of '%s' %s: %s", job->id, job_operation_name[job->operation], subject,
                          job_state_name[job->state], job->error);
        }
        log_context = before;
}

/* A removal, or the undoing of a creation, that failed halfway. */
static bool is_half_there(const char *tenant) {
        return !definition_exists(tenant) && allocation_exists(tenant);
}

static void finish(Job *job, JobState state, int r, const TenantError *error) {
        Manager *m = job->manager;
        char text[sizeof(TenantError)];

        job->state = state;
        if (state == JOB_DONE) {
                job->progress = 1.0;
        } else {
                g_free(job->error);
                job->error = g_strdup(error_format(error, r, text));
        }
        job->worker = worker_free(job->worker);
        log_end(job);
        if (job->task->tenant) {
                manager_sync_tenant(m, job->task->tenant);
                m->leftovers |= is_half_there(job->task->tenant);
        }
        if (job->task->image) {
                manager_sync_image(m, job->task->image);
        }
        /* These fail only when the bus is gone, and then we end. */
        (void) sd_bus_emit_properties_changed(m->bus, job->path, job_interface.name, "State", "Progress",
                                              "Error", NULL);
        (void) sd_bus_emit_signal(m->bus, BUS_ROOT, BUS_NAME ".Manager", "JobRemoved", "uoss", job->id,
                                  job->path, job_state_name[state], job->error);
        if (sd_event_add_time_relative(m->event, &job->linger, CLOCK_BOOTTIME, m->options.linger_usec, 0,
                                       on_lingered, job) < 0) {
                log_warning("Cannot set a timer; job %u stays until the agent ends", job->id);
        }
        bound_lingering(m);
        manager_work_ended(m);
}

static JobState state_of_error(int r, const TenantError *error) {
        return r >= 0                                                    ? JOB_DONE
               : r == -ECANCELED || strcmp(error->name, E_CANCELED) == 0 ? JOB_CANCELED
               : strcmp(error->name, E_TIMEOUT) == 0                     ? JOB_TIMEOUT
                                                                         : JOB_FAILED;
}

static void on_progress(void *userdata, double fraction, const char *stage) {
        Job *job = userdata;

        job->progress = fraction >= 0.0 && fraction <= 1.0 ? fraction : -1.0;
        snprintf(job->stage, sizeof(job->stage), "%s", g_utf8_validate(stage, -1, NULL) ? stage : "");
        (void) sd_bus_emit_properties_changed(job->manager->bus, job->path, job_interface.name, "Progress",
                                              "Stage", NULL); /* the bus is gone: we end soon */
}

static void on_worker_ended(void *userdata, int r, const TenantError *error, WorkResult *result, bool died) {
        Job *job = userdata;

        job->manager->recovery_wanted |= died;
        finish(job, state_of_error(r, error), r, error);
}

static const WorkerEvents worker_events = { .progress = on_progress, .ended = on_worker_ended };

static void begin_worker(Job *job) {
        const WorkOrder order = { job->function, job->task, job->task->fd, &worker_events, job };
        TenantError error = { 0 };
        int r;

        job->is_unit = false;
        if (job->manager->terminated) { /* it would be killed with us */
                r = error_set(&error, ECANCELED, E_CANCELED,
                              "tenantd is ending and has not begun it; try again in a moment");
                finish(job, JOB_CANCELED, r, &error);
                return;
        }
        if (manager_is_recovering(job->manager)) {
                return; /* jobs_begin_waiting() comes back */
        }
        log_context = context_of(job); /* the worker takes it along */
        r = worker_start(job->manager->event, &order, &job->worker, &error);
        log_context = (LogContext){ 0 };
        if (r < 0) {
                finish(job, JOB_FAILED, r, &error);
        }
}

void jobs_begin_waiting(Manager *m) {
        g_autoptr(GList) ids = g_hash_table_get_keys(m->jobs);

        for (GList *i = ids; i; i = i->next) {
                /* By number: the end of one job may free others, see bound_lingering(). */
                Job *job = g_hash_table_lookup(m->jobs, i->data);

                if (job && job->state == JOB_RUNNING && !job->is_unit && !job->worker) {
                        begin_worker(job);
                }
        }
}

static char *start_error_path(const char *tenant) {
        return g_strdup_printf("%s/%s/error", path_get(PATH_RUNTIME), tenant);
}

/* Of an earlier start: when systemd refuses before the runner ran, nobody else removes it. */
static void forget_start_error(const char *tenant) {
        g_autofree char *path = start_error_path(tenant);

        if (unlink(path) < 0 && errno != ENOENT) {
                log_debug("Cannot remove %s, ignoring: %m", path);
        }
}

/* What the runner left for us, in one line: "ShortName: text". */
static void read_start_error(const char *tenant, const char *result, TenantError *error) {
        g_autofree char *path = start_error_path(tenant);
        _cleanup_free_ char *text = NULL;
        char *colon;

        if (file_read(AT_FDCWD, path, 4096, &text, NULL) >= 0 && (colon = strstr(text, ": ")) &&
            g_utf8_validate(text, -1, NULL)) {
                *colon = '\0';
                (void) error_set(error, EIO, error_known_name(text), "%s", g_strchomp(colon + 2));
        } else if (strcmp(result, "dependency") == 0) {
                (void) error_set(error, EIO, E_HOST_NOT_READY,
                                 "A unit that tenant@%s needs failed; see: systemctl --failed", tenant);
        } else {
                (void) error_set(error, EIO, E_FAILED, "The unit failed (%s); see journalctl -u tenant@%s",
                                 result, tenant);
        }
}

void job_unit_ended(Job *job, const char *result) {
        TenantError error = { 0 };

        if (job->cancelled || strcmp(result, "canceled") == 0) {
                int r = error_set(&error, ECANCELED, E_CANCELED, "It was cancelled");

                finish(job, JOB_CANCELED, r, &error);
        } else if (strcmp(result, "done") == 0 && job->function) {
                begin_worker(job);
        } else if (strcmp(result, "done") == 0) {
                finish(job, JOB_DONE, 0, &error);
        } else if (strcmp(result, "timeout") == 0) {
                int r = error_set(&error, ETIMEDOUT, E_TIMEOUT,
                                  "It took too long; see journalctl -u tenant@%s", job->task->tenant);

                finish(job, JOB_TIMEOUT, r, &error);
        } else {
                read_start_error(job->task->tenant, result, &error);
                finish(job, JOB_FAILED, error.code, &error);
        }
}

void job_unit_refused(Job *job, int r, const TenantError *error) {
        finish(job, JOB_FAILED, r, error);
}

unsigned jobs_running(const Manager *m) {
        unsigned n = g_hash_table_size(m->pending);
        GHashTableIter i;
        gpointer value;

        g_hash_table_iter_init(&i, m->jobs);
        while (g_hash_table_iter_next(&i, NULL, &value)) {
                n += ((Job *) value)->state == JOB_RUNNING;
        }
        return n;
}

static unsigned running_of_uid(const Manager *m, uid_t uid) {
        unsigned n = pending_of_uid(m, uid);
        GHashTableIter i;
        gpointer value;

        g_hash_table_iter_init(&i, m->jobs);
        while (g_hash_table_iter_next(&i, NULL, &value)) {
                n += ((Job *) value)->state == JOB_RUNNING && ((Job *) value)->uid == uid;
        }
        return n;
}

int jobs_check_limit(const Manager *m, uid_t uid, TenantError *error) {
        if (m->terminated || m->stopping) { /* systemd would kill it with us */
                return error_set(error, EBUSY, E_BUSY, "tenantd is ending; try again in a moment");
        }
        if (jobs_running(m) >= (uid == 0 ? JOBS_MAX : JOBS_OTHERS_MAX)) {
                return error_set(error, EBUSY, E_BUSY, "%u jobs are under way; try again when one has ended",
                                 jobs_running(m));
        }
        if (uid != 0 && running_of_uid(m, uid) >= JOBS_PER_UID_MAX) {
                return error_set(error, EBUSY, E_BUSY,
                                 "%u jobs of yours are under way; try again when one has ended",
                                 JOBS_PER_UID_MAX);
        }
        return 0;
}

static bool is_exclusive(JobOperation operation) {
        return operation == JOB_CREATE || operation == JOB_REMOVE || operation == JOB_ROTATE;
}

/*
 * A stop and a Set may come into a start, and a stop into a restart; everything else waits. Not a restart into a start: systemd makes
 * one job of the two.
 */
static bool excludes(JobOperation running, JobOperation wanted) {
        return is_exclusive(running) || is_exclusive(wanted) || running == wanted || wanted == JOB_START ||
               wanted == JOB_RESTART || running == JOB_STOP || (running == JOB_RESTART && wanted == JOB_SET);
}

static int conflict(const Job *running, JobOperation wanted, TenantError *error) {
        const Task *t = running->task;
        const char *of = job_operation_name[running->operation];

        if (running->operation == JOB_CREATE && wanted == JOB_CREATE) {
                return error_set(error, EEXIST, E_TENANT_EXISTS, "Tenant '%s' is being created (job %u)",
                                 t->tenant, running->id);
        }
        if (t->image && wanted != JOB_REMOVE_IMAGE && running->operation != JOB_REMOVE_IMAGE) {
                return error_set(error, EEXIST, E_IMAGE_EXISTS, "Image '%s' is being made (job %u)",
                                 t->image, running->id);
        }
        return error_set(error, EBUSY, E_BUSY, "Job %u (%s) works on '%s'; wait for its end or cancel it",
                         running->id, of, t->tenant ? t->tenant : t->image);
}

int jobs_check_conflict(const Manager *m, JobOperation operation, const Task *task, TenantError *error) {
        GHashTableIter i;
        gpointer value;

        g_hash_table_iter_init(&i, m->jobs);
        while (g_hash_table_iter_next(&i, NULL, &value)) {
                const Job *job = value;

                if (job->state != JOB_RUNNING) {
                        continue;
                }
                if ((task->tenant && g_strcmp0(task->tenant, job->task->tenant) == 0 &&
                     excludes(job->operation, operation)) ||
                    (task->image && g_strcmp0(task->image, job->task->image) == 0)) {
                        return conflict(job, operation, error);
                }
        }
        if (task->tenant && is_exclusive(operation) && pending_writes(m, task->tenant)) {
                return error_set(error, EBUSY, E_BUSY, "Settings of '%s' are being changed; try again",
                                 task->tenant);
        }
        return 0;
}

static Job *job_new(const Call *call, JobOperation operation, Task *task) {
        Manager *m = call->manager;
        Job *job = g_new0(Job, 1);

        job->manager = m;
        job->id = ++m->last_job_id;
        job->path = g_strdup_printf(BUS_JOBS "/%u", job->id);
        job->operation = operation;
        job->task = task;
        job->uid = call->uid;
        job->action = call->action;
        job->progress = -1.0;
        job->error = g_strdup("");
        (void) g_hash_table_insert(m->jobs, GUINT_TO_POINTER(job->id), job); /* ids do not repeat */
        return job;
}

int job_start(const Call *call, JobOperation operation, Task *task, const char *unit_method,
              WorkFunction function, TenantError *error) {
        _cleanup_(task_free_p) Task *owned = task;
        Job *job;
        int r = jobs_check_limit(call->manager, call->uid, error);

        if (r >= 0) {
                r = jobs_check_conflict(call->manager, operation, task, error);
        }
        if (r < 0) {
                return r;
        }
        gate_charge_worker(call->manager, call->uid);
        job = job_new(call, operation, TAKE_PTR(owned));
        job->function = function;
        /* First the object, then the reply that names it. */
        (void) sd_bus_emit_object_added(call->manager->bus, job->path); /* the bus is gone: we end soon */
        r = sd_bus_reply_method_return(call->message, "uo", job->id, job->path);
        if (r < 0) {
                log_debug("Cannot reply with job %u, ignoring: %s", job->id, strerror(-r));
        }
        if (unit_method) {
                forget_start_error(job->task->tenant);
                unit_begin(job, unit_method);
        } else {
                begin_worker(job);
        }
        return 0;
}

int job_cancel(Job *job, TenantError *error) {
        if (job->state != JOB_RUNNING) {
                return error_set(error, EALREADY, E_FAILED, "Job %u has ended already", job->id);
        }
        if (job->is_unit && job->operation == JOB_STOP) {
                return error_set(error, EOPNOTSUPP, E_NOT_SUPPORTED,
                                 "A stop cannot be cancelled; start it afterwards");
        }
        job->cancelled = true;
        if (job->worker) {
                worker_cancel(job->worker);
        } else if (job->is_unit && job->operation != JOB_REMOVE) {
                unit_cancel_start(job);
        } else if (!job->is_unit) { /* waits for a recovery */
                TenantError e = { 0 };
                int r = error_set(&e, ECANCELED, E_CANCELED, "It was cancelled before it began");

                finish(job, JOB_CANCELED, r, &e);
        }
        return 0;
}

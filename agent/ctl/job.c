/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * job.c: starts jobs on the bus and follows them to their end by signals; never polls. Signals are
 * subscribed before the calls are sent; a job that ends before its reply has been read is remembered.
 * Ctrl-C asks the service to cancel and goes on waiting, a second one leaves. Owned by tenantctl.
 */
#include "progress.h"
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-event.h>

#define TICK_USEC 1000000u
#define EARLY_MAX 1024u

typedef struct Job {
        JobSet *set;
        char *subject;
        char *word;
        char *stage;
        double fraction;
        uint64_t started_usec;
        uint32_t id; /* 0: the reply is not there yet */
        char *path;
        char *owner; /* unique name of the service that runs it */
        char *result; /* NULL: under way */
        TenantError error;
        sd_bus_slot *call;
        bool cancel_sent;
} Job;

struct JobSet {
        Ctl *c;
        sd_event *event;
        sd_event_source *tick;
        GPtrArray *jobs;
        GHashTable *early; /* job path → json of a JobRemoved whose reply has not been read */
        Progress progress;
        unsigned interrupts;
        sigset_t old_mask;
};

static void job_free(void *p) {
        Job *j = p;

        sd_bus_slot_unref(j->call);
        free(j->subject);
        free(j->word);
        g_free(j->stage);
        g_free(j->path);
        g_free(j->owner);
        g_free(j->result);
        g_free(j);
}

static Job *job_add(JobSet *set, const char *subject, const char *word) {
        Job *j = g_new0(Job, 1);

        j->set = set;
        j->subject = strdup(subject);
        j->word = word ? strdup(word) : NULL;
        j->stage = g_strdup("");
        j->fraction = -1;
        (void) sd_event_now(set->event, CLOCK_MONOTONIC,
                            &j->started_usec); /* the loop is ours: cannot fail */
        g_ptr_array_add(set->jobs, j);
        return j;
}

static Job *job_by_path(JobSet *set, const char *path) {
        for (guint i = 0; i < set->jobs->len; i++) {
                Job *j = g_ptr_array_index(set->jobs, i);

                if (g_strcmp0(j->path, path) == 0) {
                        return j;
                }
        }
        return NULL;
}

static void job_end(Job *j, const char *result) {
        if (!j->result) {
                j->result = g_strdup(result);
        }
}

/* "Busy: text" into an error; a text without such a name is kept whole. */
static void error_from_text(const char *result, const char *text, TenantError *e) {
        const char *colon = strstr(text, ": ");
        _cleanup_gfree_ char *name = NULL;
        sd_bus_error error;

        if (!colon || !g_ascii_isupper(*text) || strcspn(text, " ") < (size_t) (colon - text)) {
                const char *fallback = strcmp(result, "canceled") == 0  ? E_CANCELED
                                       : strcmp(result, "timeout") == 0 ? E_TIMEOUT
                                                                        : E_FAILED;

                (void) error_set(e, EIO, fallback, "%s", *text ? text : result);
                return;
        }
        name = g_strndup(text, (gsize) (colon - text));
        error = SD_BUS_ERROR_MAKE_CONST(name, colon + 2);
        (void) error_from_bus(&error, -EIO, e); /* fills e */
}

/* Arguments of JobRemoved: id, path, result, error. */
static void job_removed(Job *j, json_object *args) {
        const char *result = json_object_get_string(json_object_array_get_idx(args, 2)) ?: "failed";
        const char *text = json_object_get_string(json_object_array_get_idx(args, 3)) ?: "";

        if (strcmp(result, "done") != 0) {
                error_from_text(result, text, &j->error);
        }
        job_end(j, result);
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *reterr_error) {
        JobSet *set = userdata;
        _cleanup_json_ json_object *args = NULL;
        const char *path;
        Job *j;

        if (!sd_bus_message_has_signature(m, "uoss") || json_from_message(m, &args) < 0) {
                return 0;
        }
        path = json_object_get_string(json_object_array_get_idx(args, 1)) ?: "";
        j = job_by_path(set, path);
        if (j && g_strcmp0(j->owner, sd_bus_message_get_sender(m)) == 0) {
                job_removed(j, args);
        } else if (!j && g_hash_table_size(set->early) < EARLY_MAX) {
                g_hash_table_insert(set->early, g_strdup(path), TAKE_PTR(args));
        }
        return 0;
}

static int on_properties(sd_bus_message *m, void *userdata, sd_bus_error *reterr_error) {
        JobSet *set = userdata;
        Job *j = job_by_path(set, sd_bus_message_get_path(m));
        _cleanup_json_ json_object *args = NULL;
        json_object *changed, *value;

        if (!j || !sd_bus_message_has_signature(m, "sa{sv}as") || json_from_message(m, &args) < 0) {
                return 0;
        }
        changed = json_object_array_get_idx(args, 1);
        value = json_member(changed, "Progress");
        j->fraction = value ? json_object_get_double(value) : j->fraction;
        value = json_member(changed, "Stage");
        if (json_object_is_type(value, json_type_string) &&
            strcmp(json_object_get_string(value), j->stage) != 0) {
                g_free(j->stage);
                j->stage = g_strdup(json_object_get_string(value));
                progress_stage(&set->progress, j->subject, j->stage);
        }
        return 0;
}

static void job_lost(Job *j, const char *how) {
        (void) error_set(
                &j->error, ENOTCONN, "Disconnected",
                "%s while the job was under way; how it ended is unknown: see 'journalctl -u tenantd', then "
                "'tenantctl status'",
                how);
        job_end(j, "failed");
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *reterr_error) {
        JobSet *set = userdata;
        const char *name, *old_owner, *new_owner;

        if (sd_bus_message_read(m, "sss", &name, &old_owner, &new_owner) < 0) {
                return 0;
        }
        for (guint i = 0; i < set->jobs->len; i++) {
                Job *j = g_ptr_array_index(set->jobs, i);

                if (j->owner && *old_owner && strcmp(j->owner, old_owner) == 0 && !j->result) {
                        job_lost(j, "the service ended");
                }
        }
        return 0;
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *reterr_error) {
        JobSet *set = userdata;

        for (guint i = 0; i < set->jobs->len; i++) {
                Job *j = g_ptr_array_index(set->jobs, i);

                if (!j->result) {
                        job_lost(j, "the connection to the bus ended");
                }
        }
        return 0;
}

/* The answer does not matter: the end of the job tells, and a refusal shows in it going on. */
static int on_cancel_reply(sd_bus_message *m, void *userdata, sd_bus_error *reterr_error) {
        JobSet *set = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(m);

        if (error && !sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_OBJECT) && set->progress.enabled) {
                progress_clear(&set->progress);
                fprintf(stderr, "cannot cancel: %s\n", error->message ?: error->name);
        }
        return 0;
}

static void job_cancel(Job *j) {
        if (j->path && !j->result && !j->cancel_sent) {
                j->cancel_sent = sd_bus_call_method_async(j->set->c->bus, NULL, BUS_NAME, j->path, IFACE_JOB,
                                                          "Cancel", on_cancel_reply, j->set, NULL) >= 0;
        }
}

static int on_interrupt(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata) {
        JobSet *set = userdata;

        if (set->interrupts++ > 0) {
                return 0;
        }
        progress_clear(&set->progress);
        if (set->progress.enabled) {
                fprintf(stderr, "canceling; press Ctrl-C again to leave without waiting for it\n");
        }
        for (guint i = 0; i < set->jobs->len; i++) {
                job_cancel(g_ptr_array_index(set->jobs, i));
        }
        return 0;
}

static int on_tick(sd_event_source *s, uint64_t usec, void *userdata) {
        (void) sd_event_source_set_time_relative(s, TICK_USEC); /* without it the clock stands, no more */
        return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

static int add_matches(JobSet *set) {
        static const struct {
                const char *rule;
                sd_bus_message_handler_t handler;
        } matches[] = {
                { "type='signal',sender='" BUS_NAME "',path='" BUS_ROOT "',interface='" IFACE_MANAGER
                  "',member='JobRemoved'",
                  on_job_removed },
                { "type='signal',sender='" BUS_NAME "',path_namespace='" BUS_JOBS
                  "',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'",
                  on_properties },
                { "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
                  "member='NameOwnerChanged',arg0='" BUS_NAME "'",
                  on_owner_changed },
                { "type='signal',path='/org/freedesktop/DBus/Local',interface='org.freedesktop.DBus.Local',"
                  "member='Disconnected'",
                  on_disconnected },
        };

        for (size_t i = 0; i < ELEMENTSOF(matches); i++) {
                int r = sd_bus_add_match(set->c->bus, NULL, matches[i].rule, matches[i].handler, set);

                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

static int set_up_loop(JobSet *set) {
        sigset_t mask;
        int r = sd_event_new(&set->event);

        if (r >= 0) {
                r = sd_bus_attach_event(set->c->bus, set->event, SD_EVENT_PRIORITY_NORMAL);
        }
        if (r >= 0) {
                sigemptyset(&mask);
                sigaddset(&mask, SIGINT);
                r = sigprocmask(SIG_BLOCK, &mask, &set->old_mask) < 0 ? -errno : 0;
        }
        if (r >= 0) {
                r = sd_event_add_signal(set->event, NULL, SIGINT, on_interrupt, set);
        }
        if (r >= 0 && set->progress.enabled && set->progress.terminal) {
                r = sd_event_add_time_relative(set->event, &set->tick, CLOCK_MONOTONIC, TICK_USEC, 0,
                                               on_tick, set);
        }
        return r;
}

static void early_free(void *p) {
        json_object_put(p);
}

int jobs_new(Ctl *c, JobSet **ret, TenantError *e) {
        _cleanup_(jobs_free_p) JobSet *set = g_new0(JobSet, 1);
        int r;

        set->c = c;
        sigprocmask(SIG_BLOCK, NULL, &set->old_mask);
        set->jobs = g_ptr_array_new_with_free_func(job_free);
        set->early = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, early_free);
        progress_init(&set->progress, c);
        r = add_matches(set);
        if (r < 0) {
                (void) error_from_bus(NULL, r, e); /* fills e */
                return error_of_host(c, r, e);
        }
        r = set_up_loop(set);
        if (r < 0) {
                return error_set_errno(e, r, E_FAILED, "cannot wait for the bus");
        }
        *ret = TAKE_PTR(set);
        return 0;
}

JobSet *jobs_free(JobSet *set) {
        if (set) {
                g_ptr_array_unref(set->jobs);
                g_hash_table_unref(set->early);
                sd_event_source_unref(set->tick);
                if (sd_bus_get_event(set->c->bus)) {
                        (void) sd_bus_detach_event(set->c->bus); /* it is attached */
                }
                sd_event_unref(set->event);
                sigprocmask(SIG_SETMASK, &set->old_mask, NULL);
                g_free(set);
        }
        return NULL;
}

/* The bus itself refuses only what it takes from members of a group alone. */
static bool is_of_bus(sd_bus_message *m) {
        const char *sender = sd_bus_message_get_sender(m);

        return sender && strcmp(sender, "org.freedesktop.DBus") == 0;
}

static void fail_by_reply(Job *j, sd_bus_message *m, const sd_bus_error *error) {
        if (is_of_bus(m) && sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED)) {
                (void) error_set(&j->error, EACCES, "AccessDenied",
                                 "the bus passes files of root and of members of group tenantd only");
        } else {
                (void) error_from_bus(error, -sd_bus_error_get_errno(error), &j->error);
        }
        job_end(j, "failed");
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *reterr_error) {
        Job *j = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(m);
        json_object *early;
        const char *path;
        int r;

        if (error) {
                fail_by_reply(j, m, error);
                return 0;
        }
        r = sd_bus_message_read(m, "uo", &j->id, &path);
        if (r < 0) {
                (void) error_set_errno(&j->error, r, "UnknownMethod",
                                       "cannot read the reply of the service");
                job_end(j, "failed");
                return 0;
        }
        j->path = g_strdup(path);
        j->owner = g_strdup(sd_bus_message_get_sender(m));
        early = g_hash_table_lookup(j->set->early, path);
        if (early) {
                job_removed(j, early);
        } else if (opt_given(j->set->c, OPT_NO_WAIT)) {
                job_end(j, "queued");
        } else if (j->set->interrupts > 0) {
                job_cancel(j);
        }
        return 0;
}

int jobs_start(JobSet *set, const char *subject, const char *word, sd_bus_message *m, TenantError *e) {
        Job *j = job_add(set, subject, word);
        int r = sd_bus_call_async(set->c->bus, &j->call, m, on_reply, j, CALL_TIMEOUT_USEC);

        if (r < 0) {
                g_ptr_array_set_size(set->jobs, (int) set->jobs->len - 1);
                return error_set_errno(e, r, "Disconnected", "cannot send the request");
        }
        return 0;
}

static void jobs_add_failed(JobSet *set, const char *subject, const char *word, const TenantError *e) {
        Job *j = job_add(set, subject, word);

        j->error = *e;
        job_end(j, "failed");
}

/* The first job under way, and how many there are. */
static Job *first_pending(const JobSet *set, unsigned *ret_pending) {
        Job *first = NULL;
        unsigned n = 0;

        for (guint i = 0; i < set->jobs->len; i++) {
                Job *j = g_ptr_array_index(set->jobs, i);

                if (!j->result) {
                        first = first ?: j;
                        n++;
                }
        }
        *ret_pending = n;
        return first;
}

static void leave(JobSet *set) {
        for (guint i = 0; i < set->jobs->len; i++) {
                Job *j = g_ptr_array_index(set->jobs, i);

                if (!j->result && j->id == 0) {
                        (void) error_set(
                                &j->error, ECANCELED, E_CANCELED,
                                "left before the service answered; 'tenantctl jobs' shows what it does");
                        job_end(j, "left");
                } else if (!j->result) {
                        (void) error_set(&j->error, ECANCELED, E_CANCELED,
                                         "left while job %" PRIu32
                                         " was being canceled; 'tenantctl jobs' shows it",
                                         j->id);
                        job_end(j, "left");
                }
        }
}

static void wait_for_all(JobSet *set) {
        unsigned pending;
        Job *j;

        while ((j = first_pending(set, &pending))) {
                uint64_t now = 0;

                if (set->interrupts > 1) {
                        leave(set);
                        break;
                }
                (void) sd_event_now(set->event, CLOCK_MONOTONIC, &now); /* 0 elapsed if the loop never ran */
                progress_draw(&set->progress, j->subject, set->interrupts ? "canceling" : j->stage,
                              j->fraction, now > j->started_usec ? now - j->started_usec : 0, pending - 1);
                if (sd_event_run(set->event, UINT64_MAX) < 0) {
                        job_lost(j, "waiting failed");
                }
        }
        progress_clear(&set->progress);
}

static json_object *job_to_json(const Job *j) {
        json_object *o = json_object_new_object();

        json_set_text(o, "Name", j->subject);
        if (j->id > 0) {
                json_object_object_add(o, "Job", json_object_new_int64(j->id));
        }
        json_set_text(o, "Result", j->result);
        return o;
}

static int report_one(JobSet *set, const Job *j, const char *done) {
        Ctl *c = set->c;

        if (j->error.code != 0) {
                return ctl_fail(c, j->subject, j->word, &j->error);
        }
        if (opt_given(c, OPT_JSON) || opt_given(c, OPT_QUIET)) {
                return CTL_OK;
        }
        if (strcmp(j->result, "queued") == 0) {
                printf("%s: job %" PRIu32 "\n", j->subject, j->id);
        } else {
                printf("%s: %s\n", j->subject, done);
        }
        return CTL_OK;
}

int jobs_finish(JobSet *set, const char *done) {
        _cleanup_json_ json_object *list = json_object_new_array();
        int status = CTL_OK;

        wait_for_all(set);
        for (guint i = 0; i < set->jobs->len; i++) {
                const Job *j = g_ptr_array_index(set->jobs, i);

                json_object_array_add(list, job_to_json(j));
                status = status_join(status, report_one(set, j, done));
        }
        if (opt_given(set->c, OPT_JSON)) {
                (void) ctl_print_json(list); /* always 0; the status is that of the jobs */
        }
        return status;
}

static void message_free(void *p) {
        sd_bus_message_unref(p);
}

/* All messages first: to make one may wait for the service, and once there is a set Ctrl-C ends its loop, not us. */
int jobs_of_names(Ctl *c, char **names, int n, JobMessage message, const void *userdata, const char *done) {
        _cleanup_array_ GPtrArray *messages = g_ptr_array_new_with_free_func(message_free);
        _cleanup_gfree_ TenantError *errors = g_new0(TenantError, n);
        _cleanup_(jobs_free_p) JobSet *set = NULL;
        TenantError e = { 0 };

        for (int i = 0; i < n; i++) {
                _cleanup_message_ sd_bus_message *m = NULL;
                int r = message(c, names[i], userdata, &m, &errors[i]);

                g_ptr_array_add(messages, r < 0 ? NULL : TAKE_PTR(m));
        }
        if (jobs_new(c, &set, &e) < 0) {
                return ctl_fail(c, NULL, NULL, &e);
        }
        for (int i = 0; i < n; i++) {
                sd_bus_message *m = g_ptr_array_index(messages, i);

                if (!m || jobs_start(set, names[i], names[i], m, &errors[i]) < 0) {
                        jobs_add_failed(set, names[i], names[i], &errors[i]);
                }
        }
        return jobs_finish(set, done);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lifecycle.c: see lifecycle.h. Idle means: no call for a while, no job, no question open, and nobody on the bus who asked
 * for all our objects and would miss our signals. Owned by the agent.
 */
#include "lifecycle.h"
#include "authorize.h"
#include "fd.h"
#include "gate.h"
#include "job.h"
#include "log.h"
#include "mend.h"
#include "paths.h"
#include "pending.h"
#include "task.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>

/* In the runtime directory, so that a boot always recovers. No tenant's name begins with a dot. */
#define CLEAN_FILE ".agent-ended-well"

/* Who comes after that is no observer: the agent may end before he leaves, and he sees that the name has no owner. */
#define OBSERVERS_MAX 64u
#define OBSERVERS_PER_UID_MAX 4u

static bool is_busy(const Manager *m) {
        return jobs_running(m) > 0 || m->recovery || m->mending || authorize_is_asking(m) || gate_is_busy(m);
}

/* Run, CheckHost and GetCredentials change nothing of what a recovery looks at; an hour of Run must not keep all jobs from beginning. */
static bool has_writer(const Manager *m) {
        GHashTableIter i;
        gpointer value;

        g_hash_table_iter_init(&i, m->jobs);
        while (g_hash_table_iter_next(&i, NULL, &value)) {
                if (((Job *) value)->worker) {
                        return true;
                }
        }
        return pending_writes(m, NULL);
}

static bool has_worker(const Manager *m) {
        return has_writer(m) || g_hash_table_size(m->pending) > 0;
}

static void leave(Manager *m) {
        int r = sd_bus_release_name(m->bus, BUS_NAME);

        if (r < 0) {
                log_debug("Cannot release %s, ignoring: %s", BUS_NAME, strerror(-r));
        }
        m->stopping = true;
        /* What was on its way to us is still served, but for new work; what comes later waits at the bus for the next of us. */
        do {
                r = sd_bus_process(m->bus, NULL);
        } while (r > 0);
}

/*
 * Idle, we leave first and then wait for what came in meanwhile. Told to end, we wait for our workers first: who follows a job
 * listens to the owner of our name. Jobs of systemd's are left to systemd then.
 */
static bool may_end(const Manager *m) {
        return (m->stopping || m->terminated) &&
               !(m->terminated ? has_worker(m) || m->recovery || m->mending : is_busy(m));
}

void lifecycle_end_if_done(Manager *m) {
        if (may_end(m) && !m->stopping) {
                leave(m);
        }
        if (may_end(m)) {
                (void) sd_event_exit(m->event, 0); /* the loop is ours: cannot fail */
        }
}

/* systemd must know that we end before a call can start another of us. */
static void say_stopping(void) {
        (void) sd_notify(false, "STOPPING=1"); /* without systemd nobody listens */
}

static uint64_t now_usec(Manager *m) {
        uint64_t usec = 0;

        (void) sd_event_now(m->event, CLOCK_BOOTTIME, &usec); /* fails for unknown clocks only */
        return usec;
}

static int arm(Manager *m, uint64_t usec) {
        int r = sd_event_source_set_time(m->idle, usec);

        return r < 0 ? r : sd_event_source_set_enabled(m->idle, SD_EVENT_ONESHOT);
}

static int on_idle_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        Manager *m = userdata;
        uint64_t due = m->last_activity_usec + m->options.idle_usec;

        if (is_busy(m) || g_hash_table_size(m->observers) > 0) {
                due = now_usec(m) + m->options.idle_usec;
        } else if (now_usec(m) >= due) {
                log_debug("Idle; ending");
                say_stopping();
                leave(m);
                return 0;
        }
        return arm(m, due);
}

static bool observers_are_full(const Manager *m, uid_t uid) {
        GHashTableIter i;
        gpointer value;
        unsigned n = 0;

        g_hash_table_iter_init(&i, m->observers);
        while (g_hash_table_iter_next(&i, NULL, &value)) {
                n += GPOINTER_TO_UINT(value) == uid;
        }
        return g_hash_table_size(m->observers) >= OBSERVERS_MAX || (uid != 0 && n >= OBSERVERS_PER_UID_MAX);
}

/* Somebody who reads all objects keeps a copy, and trusts our signals until he leaves the bus. */
static void note_observer(Manager *m, sd_bus_message *message) {
        const char *name = sd_bus_message_get_sender(message);
        uid_t uid;

        if (sd_bus_message_is_method_call(message, "org.freedesktop.DBus.ObjectManager",
                                          "GetManagedObjects") > 0 &&
            gate_uid(m, message, &uid) >= 0 && !observers_are_full(m, uid)) {
                (void) g_hash_table_replace(m->observers, g_strdup(name),
                                            GUINT_TO_POINTER(uid)); /* new or not: no matter */
        }
}

void lifecycle_caller_left(Manager *m, const char *caller) {
        if (g_hash_table_remove(m->observers, caller)) {
                m->last_activity_usec = now_usec(m);
        }
}

static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *reterr_error) {
        Manager *m = userdata;
        uint8_t type;

        if (sd_bus_message_get_type(message, &type) >= 0 && type == SD_BUS_MESSAGE_METHOD_CALL) {
                m->last_activity_usec = now_usec(m);
                note_observer(m, message);
                mend_look(m);
        }
        return 0;
}

static int on_signal(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata) {
        manager_stop(userdata);
        return 0;
}

void manager_stop(Manager *m) {
        GHashTableIter i;
        gpointer value;

        g_hash_table_iter_init(&i, m->jobs);
        while (g_hash_table_iter_next(&i, NULL, &value)) {
                Job *job = value;

                if (job->worker) {
                        worker_cancel(job->worker);
                }
        }
        pending_cancel_all(m);
        if (m->recovery) {
                worker_cancel(m->recovery);
        }
        if (m->mending) {
                worker_cancel(m->mending);
        }
        say_stopping();
        m->terminated = true;
        jobs_begin_waiting(m); /* tells them that they will not */
}

static void on_recovered(void *userdata, int r, const TenantError *error, WorkResult *result, bool died) {
        Manager *m = userdata;

        m->recovery = worker_free(m->recovery);
        if (r < 0) {
                log_event(LOG_WARNING, LOG_ID_RECOVERY_FAILED,
                          "Cannot remove all that an earlier agent left, ignoring: %s",
                          error->message[0] ? error->message : strerror(-r));
        }
        manager_work_ended(m); /* another one may have become due meanwhile */
        jobs_begin_waiting(m);
}

static void begin_recovery(Manager *m) {
        static const WorkerEvents events = { .ended = on_recovered };
        const WorkOrder order = { task_recover, NULL, -1, &events, m };
        TenantError error = { 0 };

        if (!m->recovery_wanted || m->recovery || m->stopping || m->terminated || has_writer(m)) {
                return;
        }
        m->recovery_wanted = false;
        if (worker_start(m->event, &order, &m->recovery, &error) < 0) {
                log_event(LOG_WARNING, LOG_ID_RECOVERY_FAILED,
                          "Cannot remove what an earlier agent left, ignoring: %s", error.message);
                jobs_begin_waiting(m); /* no end of a recovery will */
        }
}

bool manager_is_recovering(const Manager *m) {
        return m->recovery || m->recovery_wanted;
}

void manager_work_ended(Manager *m) {
        begin_recovery(m);
        m->last_activity_usec = now_usec(m);
}

/* True, once, when the last agent ended well since boot. */
static bool take_clean_file(void) {
        _cleanup_close_ int dir = path_open(PATH_RUNTIME);

        return dir >= 0 && unlinkat(dir, CLEAN_FILE, 0) == 0;
}

void lifecycle_end(Manager *m) {
        _cleanup_close_ int dir = path_open(PATH_RUNTIME), fd = -1;

        if (is_busy(m) || m->recovery_wanted || m->leftovers || dir < 0) {
                return;
        }
        fd = open_beneath(dir, CLEAN_FILE, O_WRONLY | O_CREAT | O_NONBLOCK, 0600);
        if (fd < 0) {
                log_debug("Cannot make %s, ignoring: %s", CLEAN_FILE, strerror(-fd));
        }
}

int lifecycle_start(Manager *m, TenantError *error) {
        int r = sd_event_add_signal(m->event, NULL, SIGTERM, on_signal, m);

        if (r >= 0) {
                r = sd_event_add_signal(m->event, NULL, SIGINT, on_signal, m);
        }
        if (r >= 0) {
                r = sd_bus_add_filter(m->bus, NULL, on_message, m);
        }
        m->last_activity_usec = now_usec(m);
        if (r >= 0 && m->options.idle_usec) {
                r = sd_event_add_time_relative(m->event, &m->idle, CLOCK_BOOTTIME, m->options.idle_usec, 0,
                                               on_idle_timer, m);
        }
        if (r < 0) {
                return error_set_errno(error, r, E_FAILED, "Cannot set up the event loop");
        }
        m->recovery_wanted = !take_clean_file();
        begin_recovery(m);
        mend_look(m);
        return 0;
}

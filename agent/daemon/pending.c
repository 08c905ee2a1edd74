/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pending.c: see pending.h. Refuses to keep a reply of unbounded size or time. Owned by the agent. */
#include "pending.h"
#include "gate.h"
#include "job.h"
#include "log.h"
#include "manager.h"
#include <errno.h>
#include <string.h>

struct Pending {
        Manager *manager;
        sd_bus_message *message;
        Task *task;
        Worker *worker;
        PendingReply reply;
        uid_t uid;
        PendingFlags flags;
};

Pending *pending_free(Pending *p) {
        if (p) {
                (void) worker_free(p->worker); /* returns NULL */
                (void) task_free(p->task); /* returns NULL */
                sd_bus_message_unref(p->message);
                g_free(p);
        }
        return NULL;
}
DEFINE_CLEANUP(Pending *, pending_free)

static int send_reply(Pending *p, WorkResult *result) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        int r = sd_bus_message_new_method_return(p->message, &reply);

        if (r >= 0) {
                (void) sd_bus_message_sensitive(reply); /* only marks it; it may hold a key */
                r = p->reply(result, reply);
        }
        return r < 0 ? r : sd_bus_send(p->manager->bus, reply, NULL);
}

static void on_ended(void *userdata, int r, const TenantError *error, WorkResult *result, bool died) {
        Pending *p = userdata;
        Manager *m = p->manager;
        TenantError e = *error;

        if (p->flags & PENDING_WRITES) {
                manager_sync_tenant(m, p->task->tenant); /* PropertiesChanged before the reply */
        }
        if (r >= 0) {
                r = send_reply(p, result);
                if (r < 0) {
                        (void) error_set_errno(&e, r, E_FAILED, "Cannot build the reply");
                }
        }
        if (r < 0) {
                call_fail(p->message, r, &e);
        }
        (void) g_hash_table_remove(m->pending, p); /* it is there: frees p */
        m->recovery_wanted |= died;
        manager_work_ended(m);
}

static const WorkerEvents events = { .ended = on_ended };

static int check(const Call *call, const Task *task, PendingFlags flags, TenantError *error) {
        int r = jobs_check_limit(call->manager, call->uid, error);

        if (r < 0 || !(flags & PENDING_WRITES)) {
                return r;
        }
        if (pending_writes(call->manager, task->tenant)) {
                return error_set(error, EBUSY, E_BUSY, "Settings of '%s' are being changed; try again",
                                 task->tenant);
        }
        return jobs_check_conflict(call->manager, JOB_SET, task, error);
}

int pending_start(const Call *call, Task *task, WorkFunction function, PendingReply reply,
                  PendingFlags flags, TenantError *error) {
        _cleanup_(pending_free_p) Pending *p = g_new0(Pending, 1);
        const WorkOrder order = { function, task, -1, &events, p };
        int r;

        p->manager = call->manager;
        p->task = task;
        p->reply = reply;
        p->uid = call->uid;
        p->flags = flags;
        p->message = sd_bus_message_ref(call->message);
        r = check(call, task, flags, error);
        if (r >= 0) {
                log_context.tenant = task->tenant; /* the worker takes it along */
                r = worker_start(call->manager->event, &order, &p->worker, error);
                log_context = (LogContext){ 0 };
        }
        if (r < 0) {
                return r;
        }
        gate_charge_worker(call->manager, call->uid);
        (void) g_hash_table_add(call->manager->pending, TAKE_PTR(p)); /* a new pointer: cannot be there */
        return 0;
}

unsigned pending_of_uid(const Manager *m, uid_t uid) {
        GHashTableIter i;
        gpointer key;
        unsigned n = 0;

        g_hash_table_iter_init(&i, m->pending);
        while (g_hash_table_iter_next(&i, &key, NULL)) {
                n += ((Pending *) key)->uid == uid;
        }
        return n;
}

bool pending_writes(const Manager *m, const char *tenant) {
        GHashTableIter i;
        gpointer key;

        g_hash_table_iter_init(&i, m->pending);
        while (g_hash_table_iter_next(&i, &key, NULL)) {
                const Pending *p = key;

                if (p->flags & PENDING_WRITES && (!tenant || strcmp(p->task->tenant, tenant) == 0)) {
                        return true;
                }
        }
        return false;
}

void pending_caller_left(Manager *m, const char *caller) {
        GHashTableIter i;
        gpointer key;

        g_hash_table_iter_init(&i, m->pending);
        while (g_hash_table_iter_next(&i, &key, NULL)) {
                const Pending *p = key;

                if (p->flags & PENDING_FOR_CALLER &&
                    strcmp(sd_bus_message_get_sender(p->message), caller) == 0) {
                        worker_cancel(p->worker);
                }
        }
}

void pending_cancel_all(Manager *m) {
        GHashTableIter i;
        gpointer key;

        g_hash_table_iter_init(&i, m->pending);
        while (g_hash_table_iter_next(&i, &key, NULL)) {
                worker_cancel(((Pending *) key)->worker);
        }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * worker.h: blocking work in a process of its own: forked without exec, so that it has its arguments already, in a process
 * group of its own, ended with the agent. It tells progress and its end by records on a pipe, and leaves data in a memfd.
 */
#pragma once

#include "bus.h"

/* What a worker hands back beyond an error: blobs in the order they were put. */
typedef struct WorkResult {
        GByteArray *data;
        size_t offset; /* of the next to take */
} WorkResult;

void work_result_put(WorkResult *result, const void *data, size_t size);
void work_result_put_strv(WorkResult *result, char *const *v);

/* The next blob, NUL-terminated, borrowed; false: none left. */
bool work_result_take(WorkResult *result, const char **ret, size_t *ret_size) _must_check_;
bool work_result_take_strv(WorkResult *result, GPtrArray **ret) _must_check_; /* of borrowed strings */

/* Runs in the worker. May block; ends soon after host->cancelled() turns true. */
typedef int (*WorkFunction)(void *arg, const struct tenant_host *host, WorkResult *result,
                            TenantError *error);

typedef struct WorkerEvents {
        void (*progress)(void *userdata, double fraction, const char *stage);
        /*
         * The worker is gone. r and error as the function gave them, or Failed when it died; `died`: by a signal that
         * nobody asked for, so that something may be half done. The Worker is still the owner's to free.
         */
        void (*ended)(void *userdata, int r, const TenantError *error, WorkResult *result, bool died);
} WorkerEvents;

typedef struct Worker Worker;

typedef struct WorkOrder {
        WorkFunction function;
        void *arg;
        int keep_fd; /* stays open in the worker, beside plugins; all else of the agent is closed there. -1: none */
        const WorkerEvents *events; /* static; they come from the event loop, never from worker_start() */
        void *userdata;
} WorkOrder;

/* Forks. -EAGAIN and others Failed. */
int worker_start(sd_event *event, const WorkOrder *order, Worker **ret, TenantError *error) _must_check_;

/* SIGTERM the first time, SIGKILL after that. */
void worker_cancel(Worker *w);

/* Kills it if it still runs; no event comes any more. */
Worker *worker_free(Worker *w);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pending.h: replies that a worker makes: bounded work that is no job (Set, Run, GetCredentials, CheckHost). */
#pragma once

#include "task.h"

/* Appends what the worker handed back to the reply. Negative errno: the result is damaged. */
typedef int (*PendingReply)(WorkResult *result, sd_bus_message *reply);

typedef enum PendingFlags {
        PENDING_WRITES =
                1u << 0, /* no other such call and no job may change task->tenant meanwhile (Busy) */
        PENDING_FOR_CALLER =
                1u << 1, /* cancelled when the caller leaves the bus; else it goes on: it is bounded */
} PendingFlags;

/* Starts a worker for the call; its result or error is the reply. Takes the task over in any case. */
int pending_start(const Call *call, Task *task, WorkFunction function, PendingReply reply,
                  PendingFlags flags, TenantError *error) _must_check_;

typedef struct Pending Pending;

Pending *pending_free(Pending *p);

unsigned pending_of_uid(const Manager *m, uid_t uid);
bool pending_writes(const Manager *m, const char *tenant); /* NULL: any */
void pending_caller_left(Manager *m, const char *caller);
void pending_cancel_all(Manager *m);

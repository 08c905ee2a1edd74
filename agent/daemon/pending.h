/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pending.h: replies that a worker makes: bounded work that is no job (Set, Run, GetCredentials, CheckHost). */
#pragma once

#include "task.h"

/* Appends what the worker handed back to the reply. Negative errno: the result is damaged. */
typedef int (*PendingReply)(WorkResult *result, sd_bus_message *reply);

/*
 * Starts a worker for the call; its result or error is the reply. Takes the task over in any case. `writes`: no other such
 * call and no job may change task->tenant meanwhile (Busy).
 */
int pending_start(const Call *call, Task *task, WorkFunction function, PendingReply reply, bool writes,
                  TenantError *error) _must_check_;

typedef struct Pending Pending;

Pending *pending_free(Pending *p);

unsigned pending_of_uid(const Manager *m, uid_t uid);
bool pending_writes(const Manager *m, const char *tenant);
void pending_cancel_all(Manager *m);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* authorize.h: may this caller do this? polkit decides for everybody but uid 0. */
#pragma once

#include "bus.h"

typedef struct Query Query;

/*
 * Asks polkit about a caller who is not root, without waiting: yes ends in call_resume(), no in an error reply. 0: asked.
 * -EBUSY Busy: too many questions of this caller, or of all, are open.
 */
int authorize(Manager *m, const BusInterface *interface, const BusCall *bus_call, sd_bus_message *message,
              uid_t uid, const BusSubject *subject, TenantError *error) _must_check_;

/* Somebody waits for an answer of polkit's. */
bool authorize_is_asking(const Manager *m);

/* Nothing is done for a caller who has left the bus, whatever polkit says. */
void authorize_caller_left(Manager *m, const char *caller);

Query *query_free(Query *q);

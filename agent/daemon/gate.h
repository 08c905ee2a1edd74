/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gate.h: what comes in from the bus, before anything of it is acted upon. Signals count from root and the bus only. Everything
 * that is no guarded method (properties, objects, introspection) needs the action "inspect". Nobody but root can take more than
 * his share of the agent's time.
 */
#pragma once

#include "bus.h"

typedef struct Gate Gate;

/* Filters of the connection run in the reverse order of their making: this one comes last. */
int gate_start(Manager *m, TenantError *error) _must_check_;

Gate *gate_free(Gate *g);

/* The effective uid of the sender of a message that came through the gate. */
int gate_uid(Manager *m, sd_bus_message *message, uid_t *ret) _must_check_;

/* True while calls wait for what the bus says of their callers. */
bool gate_is_busy(const Manager *m);

/* What was begun for this user outside of our own processor time. */
void gate_charge_worker(Manager *m, uid_t uid);

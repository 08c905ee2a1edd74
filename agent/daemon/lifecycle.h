/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lifecycle.h: how the agent ends, and how it puts in order what an earlier one left. */
#pragma once

#include "manager.h"

/* Idle timer, signals, observers, and the recovery when the last agent did not end well. Needs bus and event loop. */
int lifecycle_start(Manager *m, TenantError *error) _must_check_;

/*
 * Ends the loop when nothing holds the agent any more that is to end. In each round of the loop, so that it does not matter what
 * was the last; not from within a handler of the bus, since it drains the bus.
 */
void lifecycle_end_if_done(Manager *m);

/* No observer any more, if it was one. */
void lifecycle_caller_left(Manager *m, const char *caller);

/* After the loop: tells the next agent that all is in order. */
void lifecycle_end(Manager *m);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lifecycle.h: how the agent ends, and how it puts in order what an earlier one left. */
#pragma once

#include "manager.h"

/* Idle timer, signals, observers, and the recovery when the last agent did not end well. Needs bus and event loop. */
int lifecycle_start(Manager *m, TenantError *error) _must_check_;

/* No observer any more, if it was one. */
void lifecycle_caller_left(Manager *m, const char *caller);

/* After the loop: tells the next agent that all is in order. */
void lifecycle_end(Manager *m);

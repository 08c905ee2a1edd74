/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mend.h: what somebody takes from all tenants at once (a flushed ruleset) is put back. */
#pragma once

#include "manager.h"

/* Looks, at most once a second, and begins a worker when something is amiss. For the agent's start and for each call. */
void mend_look(Manager *m);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* usage.h: counters of a tenant from its backends. */
#pragma once

#include "tenant.h"

/* Appends the a{sv} of GetUsage. Backends that cannot tell are left out. Does not block. */
int usage_append(Tenant *t, sd_bus_message *reply, TenantError *error) _must_check_;

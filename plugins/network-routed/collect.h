/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* collect.h: what is left of tenants that are gone. */
#pragma once

#include "routed.h"

/* Removes links, filters and states that belong to none of the tenants, and puts back what somebody flushed. */
int collect(const struct tenant_host *host, const struct tenant_context *contexts, size_t n_contexts,
            struct tenant_error *error) _must_check_;

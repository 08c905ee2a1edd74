/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host-config.h: /etc/tenantd/tenantd.conf, what holds for all tenants (tenantd.conf(5)). Internal to agent/work.
 */
#pragma once

#include "cleanup.h"
#include "error.h"

typedef struct Config {
        char *server_name; /* [Docker] ServerName=: DNS name or address that customers use; NULL: not set */
} Config;

void config_done(Config *c);

/* A missing file is an empty one. -EINVAL InvalidSetting with file and line. */
int config_load(Config *ret, TenantError *error) _must_check_;

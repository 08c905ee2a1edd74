/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* errors.h: short names of errors ↔ names on the bus. The one table is in errors.c. */
#pragma once

#include "error.h"
#include <systemd/sd-bus.h>

#define BUS_ERROR_PREFIX "org.tenantd1.Error."

/* Tells sd-bus the errno of each name. Once, first in main. */
int errors_register(void) __attribute__((warn_unused_result));

/* The known short name (a constant), or "Failed". */
const char *error_known_name(const char *name);

/* Sets *ret; r says what went wrong when the error was left empty. */
void error_to_bus(const TenantError *error, int r, sd_bus_error *ret);

/* "ShortName: text", for a job. buf is returned. */
const char *error_format(const TenantError *error, int r, char buf[static sizeof(TenantError)]);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* query.h: what is read of tenants, as JSON with the bus's own names. Callers put the references. */
#pragma once

#include "ctl.h"

/* ListTenants as [{Name, State, Image, Path, …}]. */
int list_tenants(Ctl *c, json_object **ret, TenantError *e) _must_check_;

/* Properties of the tenant; those of its Docker in "Docker", if it has one. */
int tenant_properties(Ctl *c, const char *name, json_object **ret, TenantError *e) _must_check_;

int tenant_usage(Ctl *c, const char *name, json_object **ret, TenantError *e) _must_check_;

/* Adds the members of details (which need not be an object) to o. */
void json_merge(json_object *o, json_object *details);

/* "1.5G/2.0G", "1.5G" without a limit, "-" when unknown (g_free). */
char *format_of_limit(json_object *usage, const char *key, const char *limit_key, bool bytes);

/*
 * After a table for people: what the service cannot read of a tenant or image ("Error" of a row), on
 * stderr.
 */
void print_row_errors(const Ctl *c, json_object *list);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* machined.h: systemd-machined(8) as a list of machines, in which ours are those of a unit tenant@NAME.service. */
#pragma once

#include "cleanup.h"
#include "error.h"
#include <glib.h>
#include <systemd/sd-bus.h>

/*
 * Names of machines: all, and those that somebody registered as a tenant. Both sets (g_free) are added to.
 * All functions here: -EHOSTDOWN: machined is not installed, or masked. -EAGAIN: it does not answer; what was asked may still be
 * in its queue, and is void once the connection is closed, since it asks the bus who the sender is.
 */
int machined_list(sd_bus *bus, GHashTable *all, GHashTable *tenants, TenantError *error) _must_check_;

/*
 * Makes machined's list agree with what is: the tenant that runs is registered with its init as leader; one that does not run, or a
 * former life of it, is not. -EEXIST: somebody else's machine has the name; it is left alone.
 */
int machined_agree(sd_bus *bus, const char *name, TenantError *error) _must_check_;

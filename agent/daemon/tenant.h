/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tenant.h: a tenant as the agent sees it: a name with a definition; everything else is read from disk when asked for and
 * kept until the definition changes. Its state comes from the kernel (the runner's lock) first and from systemd's signals then.
 */
#pragma once

#include "allocation.h"
#include "bus.h"

typedef enum TenantState {
        TENANT_STOPPED,
        TENANT_STARTING,
        TENANT_RUNNING,
        TENANT_STOPPING,
        TENANT_FAILED,
} TenantState;

typedef struct Tenant {
        Manager *manager;
        char *name;
        char *path;
        uint64_t serial; /* of this object; a tenant removed and made again has another */
        TenantState state;
        bool is_told; /* systemd has told it; else it is that of the kernel's lock */
        bool is_loaded; /* definition, allocation and the errors below are those of the disk */
        Definition *definition; /* NULL: it cannot be read */
        Allocation *allocation; /* NULL: there is none, or it cannot be read */
        TenantError definition_error;
        TenantError allocation_error;
        bool has_docker; /* the Docker interface was announced */
        sd_event_source *dropins; /* NULL: no NAME.conf.d */
} Tenant;

/* Reads the initial state from the runner's lock; no bus traffic. */
Tenant *tenant_new(Manager *m, const char *name);
Tenant *tenant_free(Tenant *t);

/* Reads from disk unless it was. 0, or the first of the two errors. */
int tenant_load(Tenant *t, TenantError *error) _must_check_;

/* As tenant_load, for those who take what there is. */
void tenant_try_load(Tenant *t);

/* "stopped" … or "unprovisioned". */
const char *tenant_state_name(Tenant *t);

/*
 * Docker's: "stopped", "starting", "running". Its port is a socket unit's inside, which is open when init is ready. Asking
 * dockerd itself would start it.
 */
const char *docker_state_name(const Tenant *t);

/* Reads the state once more unless systemd has told it. */
void tenant_look_again(Tenant *t);

/* Emits the change. */
void tenant_set_state(Tenant *t, TenantState state);

/* True when it runs or is about to. */
bool tenant_is_up(Tenant *t);

/* The definition may have changed: forgets it, and emits what is new. */
void tenant_refresh(Tenant *t);

/* Address of the tenant, "" when it has none. */
const char *tenant_address(Tenant *t);

extern const BusInterface tenant_interface;
extern const BusInterface docker_interface;

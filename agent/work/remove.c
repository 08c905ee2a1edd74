/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * remove.c: the end of a tenant: definition first (from then on it does not exist), then its volume,
 * certificates and last its allocation, which holds the ids until nothing belongs to them. Refuses to touch
 * one that runs, or whose last run was not released. Owned by the agent's workers.
 */
#include "fd.h"
#include "name.h"
#include "running.h"
#include "tenant-work.h"
#include "work.h"
#include <errno.h>

static int check_released(const char *name, TenantError *error) {
        char path[300];

        snprintf(path, sizeof(path), "%s/%s/journal", path_get(PATH_RUNTIME), name);
        if (access(path, F_OK) < 0) {
                return 0;
        }
        return error_set(
                error, EBUSY, E_RUNNING,
                "The last run of tenant '%s' has not been released; do it with: systemctl stop tenant@%s",
                name, name);
}

static int destroy_volume(const char *name, const Allocation *a, const struct tenant_host *host,
                          TenantError *error) {
        _cleanup_(backends_free_p) Backends *b = NULL;
        _cleanup_close_ int store = path_open(PATH_STORAGE);
        const Backend *storage;
        TenantError own = { 0 };
        int r;

        if (store < 0) {
                return error_set_errno(error, store, E_FAILED, "Cannot open %s", path_get(PATH_STORAGE));
        }
        r = backends_load_for_release(name, a, host, KIND_BIT(TENANT_KIND_STORAGE), &b, error);
        if (r < 0) {
                return r;
        }
        storage = &b->kind[TENANT_KIND_STORAGE];
        r = plugin_result(storage->plugin, "destroy",
                          storage->plugin->ops.storage.destroy(&storage->context, store, &own), &own);
        if (r < 0 && error) {
                *error = own;
        }
        return r;
}

/* No reason to keep a tenant that is to go. */
static void forget_network(const char *name, const Allocation *a, const struct tenant_host *host) {
        _cleanup_(backends_free_p) Backends *b = NULL;
        TenantError error = { 0 };
        const Backend *network;
        int r = backends_load_for_release(name, a, host, KIND_BIT(TENANT_KIND_NETWORK), &b, &error);

        if (r >= 0) {
                network = &b->kind[TENANT_KIND_NETWORK];
                r = network->plugin->ops.network.forget
                            ? plugin_result(network->plugin, "forget",
                                            network->plugin->ops.network.forget(&network->context, &error),
                                            &error)
                            : 0;
        }
        if (r < 0) {
                host_log(host, 4, "%s, ignoring", error.message);
        }
}

/* Locked, so that nobody gets the ids while the directory is on its way out. */
static int free_allocation(const char *name, TenantError *error) {
        _cleanup_close_ int lock = allocation_lock(NULL, error);

        return lock < 0 ? lock : allocation_remove(name, error);
}

/*
 * Takes the lock of a tenant that can be removed: stopped, released, its allocation readable or missing (*ret NULL).
 * Closing the descriptor unlocks.
 */
static int lock_removable(const char *name, Allocation **ret, TenantError *error) {
        _cleanup_close_ int running = tenant_lock(name, error);
        int r = running < 0 ? running : check_released(name, error);

        if (r >= 0) {
                r = allocation_load(name, ret, error);
        }
        return r < 0 && r != -ENOENT ? r : TAKE_FD(running);
}

void tenant_settle(const char *name, const struct tenant_host *host) {
        TenantError e = { 0 };

        if (allocation_settle(name, &e) < 0) {
                host_log(host, 4, "Tenant %s: %s; tenantd tries again at its next start", name, e.message);
        }
}

/* Under that lock. */
static int wipe_locked(const char *name, const Allocation *a, const struct tenant_host *host,
                       TenantError *error) {
        int r = a ? destroy_volume(name, a, host, error) : 0;

        if (r >= 0 && a) {
                forget_network(name, a, host);
        }
        r = r < 0 ? r : tenant_forget_runtime(name, error);
        if (r >= 0 && allocation_stage(name) == ALLOCATION_REMOVING) {
                r = definition_remove(name, error); /* drop-ins that a killed removal left */
        }
        /* The allocation last: by it, what is cut short here is found again. */
        return r < 0 ? r : free_allocation(name, error);
}

int tenant_wipe(const char *name, const struct tenant_host *host, TenantError *error) {
        _cleanup_(allocation_free_p) Allocation *a = NULL;
        _cleanup_close_ int running = lock_removable(name, &a, error);

        return running < 0 ? running : wipe_locked(name, a, host, error);
}

/* Else a new tenant of the name would start with the host unasked. Read by systemd at its next reload. */
static void disable(const char *name, const struct tenant_host *host) {
        char path[400];

        snprintf(path, sizeof(path), "%s/tenant@%s.service", path_get(PATH_ENABLED), name);
        if (unlink(path) < 0 && errno != ENOENT) {
                host_log(host, 4, "Cannot remove %s, ignoring: %s", path, strerror(errno));
        }
}

/* The mark first: from then on, whoever finds the tenant without a definition goes on here. */
static int remove_definition(const char *name, const struct tenant_host *host, TenantError *error) {
        int r = allocation_begin_removal(name, error);

        r = r < 0 ? r : definition_remove(name, error);
        r = r < 0 ? r : allocation_undefined(name, error);
        if (r < 0 && definition_exists(name)) {
                tenant_settle(name, host);
        }
        return r;
}

int work_remove_tenant(const char *name, const struct tenant_host *host, TenantError *error) {
        _cleanup_(allocation_free_p) Allocation *a = NULL;
        _cleanup_close_ int lock = -1, running = -1;
        int r = tenant_name_check("tenant", name, error);

        if (r < 0) {
                return r;
        }
        if (!definition_exists(name) && !allocation_exists(name)) {
                return error_set(error, ENOENT, E_NO_SUCH_TENANT,
                                 "There is no tenant '%s'; see: tenantctl list", name);
        }
        lock = tenant_work_lock(name, error);
        if (lock < 0) {
                return lock;
        }
        running = lock_removable(name, &a, error);
        r = running < 0 ? running : remove_definition(name, host, error);
        if (r < 0) {
                return r;
        }
        disable(name, host);
        host_progress(host, -1.0, "destroy");
        return wipe_locked(name, a, host, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tenant.c: see tenant.h. Changes nothing on disk. A definition or allocation that cannot be read keeps its object, which then
 * says why. Owned by the agent.
 */
#include "tenant.h"
#include "fd.h"
#include "manager.h"
#include "paths.h"
#include "running.h"
#include <errno.h>
#include <string.h>
#include <sys/inotify.h>

static TenantState initial_state(const char *name) {
        _cleanup_free_ char *path = NULL;

        if (tenant_is_locked(name)) {
                return TENANT_RUNNING;
        }
        /* The runner of the last start said why it failed. */
        return asprintf(&path, "%s/%s/error", path_get(PATH_RUNTIME), name) > 0 && access(path, F_OK) == 0
                       ? TENANT_FAILED
                       : TENANT_STOPPED;
}

Tenant *tenant_new(Manager *m, const char *name) {
        Tenant *t = g_new0(Tenant, 1);

        t->manager = m;
        t->name = g_strdup(name);
        t->path = bus_path_encode(BUS_TENANTS, name);
        t->serial = ++m->last_serial;
        t->state = initial_state(name);
        return t;
}

static void forget(Tenant *t) {
        t->definition = definition_free(t->definition);
        t->allocation = allocation_free(t->allocation);
        t->definition_error = t->allocation_error = (TenantError){ 0 };
        t->is_loaded = false;
}

Tenant *tenant_free(Tenant *t) {
        if (t) {
                forget(t);
                sd_event_source_disable_unref(t->dropins);
                g_free(t->name);
                g_free(t->path);
                g_free(t);
        }
        return NULL;
}

static int on_dropin(sd_event_source *s, const struct inotify_event *event, void *userdata) {
        Tenant *t = userdata;

        if (event->mask & (IN_IGNORED | IN_UNMOUNT)) {
                t->dropins = sd_event_source_disable_unref(t->dropins);
        }
        tenant_refresh(t);
        return 0;
}

/* Without it an edited drop-in is seen when the agent starts next. */
static void watch_dropins(Tenant *t) {
        g_autofree char *path = g_strdup_printf("%s/%s.conf.d", path_get(PATH_DEFINITIONS), t->name);

        if (!t->dropins && access(path, F_OK) == 0 &&
            sd_event_add_inotify(t->manager->event, &t->dropins, path,
                                 IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR |
                                         IN_DONT_FOLLOW,
                                 on_dropin, t) < 0) {
                t->dropins = NULL;
        }
}

void tenant_try_load(Tenant *t) {
        if (t->is_loaded) {
                return;
        }
        watch_dropins(t);
        if (definition_load(t->name, &t->definition, &t->definition_error) < 0) {
                t->definition = NULL;
        }
        if (allocation_load(t->name, &t->allocation, &t->allocation_error) < 0) {
                t->allocation = NULL;
        }
        t->is_loaded = true;
}

int tenant_load(Tenant *t, TenantError *error) {
        tenant_try_load(t);
        if (t->definition && t->allocation) {
                return 0;
        }
        *error = t->definition ? t->allocation_error : t->definition_error;
        if (t->definition && error->code == -ENOENT) {
                return error_set(
                        error, ENOENT, E_HOST_NOT_READY,
                        "Tenant '%s' has a definition but was never created; move %s/%s.conf away and use "
                        "CreateTenant (tenantctl create)",
                        t->name, path_get(PATH_DEFINITIONS), t->name);
        }
        return error->code < 0 ? error->code
                               : error_set(error, EIO, E_FAILED, "Cannot read tenant '%s'", t->name);
}

const char *tenant_state_name(Tenant *t) {
        static const char *const names[] = {
                [TENANT_STOPPED] = "stopped",   [TENANT_STARTING] = "starting", [TENANT_RUNNING] = "running",
                [TENANT_STOPPING] = "stopping", [TENANT_FAILED] = "failed",
        };

        tenant_try_load(t);
        return !t->allocation && t->allocation_error.code == -ENOENT ? "unprovisioned" : names[t->state];
}

const char *docker_state_name(const Tenant *t) {
        return t->state == TENANT_RUNNING ? "running" : t->state == TENANT_STARTING ? "starting" : "stopped";
}

void tenant_set_state(Tenant *t, TenantState state) {
        if (t->state == state) {
                return;
        }
        t->state = state;
        /* These fail only when the bus is gone, and then we end. */
        (void) sd_bus_emit_properties_changed(t->manager->bus, t->path, tenant_interface.name, "State",
                                              NULL);
        if (t->has_docker) {
                (void) sd_bus_emit_properties_changed(t->manager->bus, t->path, docker_interface.name,
                                                      "State", NULL);
        }
}

void tenant_look_again(Tenant *t) {
        if (!t->is_told) {
                tenant_set_state(t, initial_state(t->name));
        }
}

bool tenant_is_up(Tenant *t) {
        return t->state == TENANT_RUNNING || t->state == TENANT_STARTING || tenant_is_locked(t->name);
}

static char *settings_text(Tenant *t) {
        char *text = NULL;

        tenant_try_load(t);
        return t->definition && keyfile_format(t->definition->keyfile, &text) >= 0 ? text : NULL;
}

void tenant_refresh(Tenant *t) {
        _cleanup_free_ char *before = t->is_loaded ? settings_text(t) : NULL, *after = NULL;
        bool was_loaded = t->is_loaded, had_docker = t->has_docker;

        forget(t);
        if (!was_loaded) {
                return; /* nobody has seen anything of it */
        }
        after = settings_text(t);
        if (g_strcmp0(before, after) == 0) {
                return;
        }
        (void) sd_bus_emit_properties_changed(t->manager->bus, t->path, tenant_interface.name, "State",
                                              "Image", "Profile", "Address", "Settings",
                                              NULL); /* the bus is gone: we end soon */
        manager_announce_docker(t, had_docker);
}

const char *tenant_address(Tenant *t) {
        tenant_try_load(t);
        for (size_t i = 0; t->allocation && i < t->allocation->n_facts; i++) {
                const AllocationFact *f = &t->allocation->facts[i];

                if (f->kind == TENANT_KIND_NETWORK && strcmp(f->key, "Address") == 0) {
                        return f->value;
                }
        }
        return "";
}

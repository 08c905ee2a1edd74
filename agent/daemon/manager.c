/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * manager.c: see manager.h. Start and end of the agent and its view of the disk. Never blocks but on the bus driver at the
 * start. Owned by the agent.
 */
#include "manager.h"
#include "authorize.h"
#include "gate.h"
#include "job.h"
#include "lifecycle.h"
#include "log.h"
#include "name.h"
#include "paths.h"
#include "pending.h"
#include "strv.h"
#include "unit.h"
#include <errno.h>
#include <string.h>
#include <sys/inotify.h>

static void tenant_destroyed(gpointer t) {
        (void) tenant_free(t); /* returns NULL, as the others here */
}

static void image_destroyed(gpointer o) {
        (void) image_object_free(o);
}

static void job_destroyed(gpointer job) {
        (void) job_free(job);
}

static void query_destroyed(gpointer q) {
        (void) query_free(q);
}

static void pending_destroyed(gpointer p) {
        (void) pending_free(p);
}

Manager *manager_free(Manager *m) {
        if (m) {
                (void) worker_free(m->recovery); /* returns NULL */
                (void) worker_free(m->mending); /* as above */
                g_hash_table_unref(m->pending);
                g_hash_table_unref(m->queries);
                g_hash_table_unref(m->jobs);
                g_hash_table_unref(m->tenants);
                g_hash_table_unref(m->images);
                g_hash_table_unref(m->observers);
                sd_event_source_disable_unref(m->idle);
                (void) gate_free(m->gate); /* returns NULL */
                sd_bus_flush_close_unref(m->bus);
                sd_event_unref(m->event);
                g_ptr_array_unref(m->exported);
                g_free(m);
        }
        return NULL;
}

int manager_new(const ManagerOptions *options, Manager **ret, TenantError *error) {
        _cleanup_(manager_free_p) Manager *m = g_new0(Manager, 1);
        int r;

        m->options = *options;
        m->exported = g_ptr_array_new_with_free_func(g_free);
        m->tenants = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, tenant_destroyed);
        m->images = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, image_destroyed);
        m->jobs = g_hash_table_new_full(NULL, NULL, NULL, job_destroyed);
        m->queries = g_hash_table_new_full(NULL, NULL, query_destroyed, NULL);
        m->pending = g_hash_table_new_full(NULL, NULL, pending_destroyed, NULL);
        m->observers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        r = sd_event_default(&m->event);
        if (r >= 0) {
                r = sd_event_set_watchdog(m->event, true);
        }
        if (r < 0) {
                return error_set_errno(error, r, E_FAILED, "Cannot make an event loop");
        }
        *ret = TAKE_PTR(m);
        return 0;
}

/* The interface comes and goes with [Docker] Enabled=. */
void manager_announce_docker(Tenant *t, bool had_docker) {
        tenant_try_load(t);
        t->has_docker = t->definition && t->definition->docker_enabled;
        /* These fail only when the bus is gone, and then we end. */
        if (t->has_docker && !had_docker) {
                (void) sd_bus_emit_interfaces_added(t->manager->bus, t->path, docker_interface.name, NULL);
        } else if (!t->has_docker && had_docker) {
                (void) sd_bus_emit_interfaces_removed(t->manager->bus, t->path, docker_interface.name, NULL);
        } else if (t->has_docker) {
                (void) sd_bus_emit_properties_changed(t->manager->bus, t->path, docker_interface.name,
                                                      "Endpoint", "Port", NULL);
        }
}

static void add_tenant(Manager *m, const char *name) {
        Tenant *t = tenant_new(m, name);

        (void) g_hash_table_insert(m->tenants, t->name, t); /* was not there */
        tenant_try_load(t);
        t->has_docker = t->definition && t->definition->docker_enabled;
        (void) sd_bus_emit_object_added(m->bus, t->path); /* the bus is gone: we end soon */
}

static void remove_tenant(Manager *m, Tenant *t) {
        (void) sd_bus_emit_object_removed(m->bus, t->path); /* the bus is gone: we end soon */
        (void) g_hash_table_remove(m->tenants, t->name); /* frees it */
}

void manager_sync_tenant(Manager *m, const char *name) {
        Tenant *t = g_hash_table_lookup(m->tenants, name);
        bool exists = tenant_name_is_valid(name) && definition_exists(name);

        if (exists && !t) {
                add_tenant(m, name);
        } else if (exists) {
                tenant_refresh(t);
        } else if (t) {
                remove_tenant(m, t);
        }
}

void manager_sync_image(Manager *m, const char *name) {
        ImageObject *o = g_hash_table_lookup(m->images, name);
        g_autofree char *path = g_strdup_printf("%s/%s", path_get(PATH_IMAGES), name);
        bool exists = access(path, F_OK) == 0;

        if (exists && !o) {
                o = image_object_new(m, name);
                (void) g_hash_table_insert(m->images, o->name, o); /* was not there */
                (void) sd_bus_emit_object_added(m->bus, o->path); /* the bus is gone: we end soon */
        } else if (!exists && o) {
                (void) sd_bus_emit_object_removed(m->bus, o->path); /* as above */
                (void) g_hash_table_remove(m->images, o->name); /* frees it */
        }
}

int manager_find_tenant(Manager *m, const char *name, Tenant **ret, TenantError *error) {
        *ret = g_hash_table_lookup(m->tenants, name);
        return *ret ? 0 : error_set(error, ENOENT, E_NO_SUCH_TENANT, "There is no tenant '%s'", name);
}

void manager_subject_of_tenant(Manager *m, const char *name, BusSubject *ret) {
        Tenant *t = g_hash_table_lookup(m->tenants, name);

        if (t) {
                tenant_interface.subject(t, ret);
        }
}

void manager_subject_of_image(Manager *m, const char *name, BusSubject *ret) {
        const ImageObject *o = g_hash_table_lookup(m->images, name);

        if (o) {
                snprintf(ret->image, sizeof(ret->image), "%s", o->name);
                ret->serial = o->serial;
        }
}

static int scan(Manager *m, TenantError *error) {
        _cleanup_(strv_free_p) char **tenants = NULL, **images = NULL;
        int r = definition_list(&tenants, error);

        if (r >= 0) {
                r = image_list(&images, error);
        }
        if (r < 0) {
                return r;
        }
        for (char **i = tenants; *i; i++) {
                Tenant *t = tenant_new(m, *i);

                (void) g_hash_table_insert(m->tenants, t->name, t); /* names of files are unique */
        }
        for (char **i = images; *i; i++) {
                ImageObject *o = image_object_new(m, *i);

                (void) g_hash_table_insert(m->images, o->name, o); /* as above */
        }
        return 0;
}

/* After an overflow of the queue: everything may have changed. */
static void rescan(Manager *m) {
        _cleanup_(strv_free_p) char **names = NULL;
        g_autoptr(GList) tenants = g_hash_table_get_values(m->tenants);
        TenantError error = { 0 };

        for (GList *i = tenants; i; i = i->next) {
                g_autofree char *name = g_strdup(((Tenant *) i->data)->name);

                manager_sync_tenant(m, name);
        }
        if (definition_list(&names, &error) < 0) {
                log_warning("Cannot list the definitions, ignoring: %s", error.message);
                return;
        }
        for (char **i = names; *i; i++) {
                manager_sync_tenant(m, *i);
        }
}

/* NAME.conf or NAME.conf.d. */
static int on_definition(sd_event_source *s, const struct inotify_event *event, void *userdata) {
        Manager *m = userdata;
        g_autofree char *name = NULL;
        const char *end;

        if (event->mask & IN_Q_OVERFLOW) {
                rescan(m);
                return 0;
        }
        end = event->len ? strstr(event->name, ".conf") : NULL;
        if (end && (strcmp(end, ".conf") == 0 || strcmp(end, ".conf.d") == 0)) {
                name = g_strndup(event->name, (gsize) (end - event->name));
                manager_sync_tenant(m, name);
        }
        return 0;
}

static int watch_definitions(Manager *m, TenantError *error) {
        _cleanup_close_ int fd = path_open(PATH_DEFINITIONS); /* makes it */
        int r = fd < 0 ? fd
                       : sd_event_add_inotify(m->event, NULL, path_get(PATH_DEFINITIONS),
                                              IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM |
                                                      IN_DELETE | IN_ONLYDIR | IN_DONT_FOLLOW,
                                              on_definition, m);

        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot watch %s", path_get(PATH_DEFINITIONS))
                     : 0;
}

static int connect_bus(Manager *m, TenantError *error) {
        int r = sd_bus_open_system_with_description(&m->bus, "tenantd");

        if (r < 0) {
                return error_set_errno(error, r, E_FAILED,
                                       "Cannot connect to the system bus; is D-Bus running?");
        }
        r = sd_bus_set_exit_on_disconnect(m->bus, true);
        if (r >= 0) {
                r = sd_bus_attach_event(m->bus, m->event, SD_EVENT_PRIORITY_NORMAL);
        }
        if (r >= 0) {
                r = sd_bus_add_object_manager(m->bus, NULL, BUS_ROOT);
        }
        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot set up the bus connection") : 0;
}

static int export_all(Manager *m, TenantError *error) {
        static const BusInterface *const interfaces[] = {
                &manager_interface, &tenant_interface, &docker_interface,
                &job_interface,     &image_interface,  &backend_interface,
        };

        for (size_t i = 0; i < ELEMENTSOF(interfaces); i++) {
                int r = bus_export(m, interfaces[i], error);

                if (r < 0) {
                        return r;
                }
        }
        return log_control_export(m, error);
}

static int claim_name(Manager *m, TenantError *error) {
        int r = sd_bus_request_name(m->bus, BUS_NAME, 0);

        if (r == -EEXIST) {
                return error_set(error, EEXIST, E_BUSY, "Another tenantd has the name %s already", BUS_NAME);
        }
        return r < 0 ? error_set_errno(error, r, E_FAILED,
                                       "Cannot have the name %s on the bus; is org.tenantd1.conf installed?",
                                       BUS_NAME)
                     : 0;
}

int manager_start(Manager *m, TenantError *error) {
        /* Watched first, so that nothing can change unseen between reading and watching. */
        int r = watch_definitions(m, error);

        if (r >= 0) {
                r = scan(m, error);
        }
        if (r >= 0) {
                r = connect_bus(m, error);
        }
        if (r >= 0) {
                r = lifecycle_start(m, error);
        }
        if (r >= 0) {
                r = gate_start(m, error);
        }
        if (r >= 0) {
                r = export_all(m, error);
        }
        if (r >= 0) {
                r = unit_watch(m, error);
        }
        return r < 0 ? r : claim_name(m, error);
}

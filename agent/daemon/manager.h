/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * manager.h: all that the agent has in memory. Nothing of it needs to outlive the process: tenants and images are directories,
 * jobs die with it, states come from the kernel and from systemd.
 */
#pragma once

#include "bus.h"
#include "image.h"
#include "loader.h"
#include "tenant.h"

/* An image as the agent sees it. */
typedef struct ImageObject {
        char *name;
        char *path;
        uint64_t serial; /* of this object; an image removed and made again has another */
        Image *image; /* NULL: not read yet, or damaged */
        TenantError error;
} ImageObject;

/* A backend at the moment it was looked at. */
typedef struct BackendObject {
        const Plugin *plugin; /* NULL: refused by the loader, see advice */
        enum tenant_kind kind;
        char name[64];
        bool usable;
        char advice[sizeof(((TenantError *) NULL)->message)];
} BackendObject;

typedef struct ManagerOptions {
        uint64_t idle_usec; /* 0: stay */
        uint64_t linger_usec; /* of ended jobs */
} ManagerOptions;

struct Manager {
        ManagerOptions options;
        sd_event *event;
        sd_bus *bus;
        struct Gate *gate;
        GPtrArray *exported; /* what the slots of bus_export() point at */
        GHashTable *tenants; /* name → Tenant */
        GHashTable *images; /* name → ImageObject */
        GHashTable *jobs; /* id → Job */
        GHashTable *queries; /* set of Query */
        GHashTable *pending; /* set of Pending */
        uint32_t last_job_id;
        uint64_t last_serial;
        BackendObject backend; /* the one looked at last */
        struct Worker *recovery;
        struct Worker *mending; /* networks that somebody flushed */
        uint64_t next_look_usec;
        bool recovery_wanted; /* begins as soon as no worker writes */
        bool leftovers; /* of a job that failed: for the next agent's recovery */
        GHashTable
                *observers; /* unique name → uid of who keeps a view of our objects and needs our signals */
        sd_event_source *idle;
        uint64_t last_activity_usec;
        bool stopping; /* the name is given up; what is under way is waited for */
        bool terminated; /* by a signal: nothing new is begun, and only workers are waited for */
};

/* An event loop with everything but the bus. */
int manager_new(const ManagerOptions *options, Manager **ret, TenantError *error) _must_check_;
Manager *manager_free(Manager *m);
DEFINE_CLEANUP(Manager *, manager_free)

/* Connects, exports, reads what there is, and claims the name as the last step. -EEXIST: another agent has it. */
int manager_start(Manager *m, TenantError *error) _must_check_;

/* Cancels what runs; the loop ends when it is gone. */
void manager_stop(Manager *m);

/* The names of a directory may have changed: adds or removes the object, or re-reads it. */
void manager_sync_tenant(Manager *m, const char *name);
void manager_sync_image(Manager *m, const char *name);

/* Adds or removes the Docker interface after a change of settings. */
void manager_announce_docker(Tenant *t, bool had_docker);

/* For authorization: the serial (and the backends) of the tenant or image that is there now. */
void manager_subject_of_tenant(Manager *m, const char *name, BusSubject *ret);
void manager_subject_of_image(Manager *m, const char *name, BusSubject *ret);

/* -ENOENT NoSuchTenant. */
int manager_find_tenant(Manager *m, const char *name, Tenant **ret, TenantError *error) _must_check_;

/* While true, work that changes something waits. */
bool manager_is_recovering(const Manager *m);

/* A job or a reply is done: begins a recovery that is wanted. */
void manager_work_ended(Manager *m);

extern const BusInterface manager_interface;

/* image-dbus.c */
ImageObject *image_object_new(Manager *m, const char *name);
ImageObject *image_object_free(ImageObject *o);
const Image *image_object_load(ImageObject *o); /* NULL: see o->error */
extern const BusInterface image_interface;

/* backend-dbus.c: asks the plugin's probe now. */
void backend_object_look(enum tenant_kind kind, const char *name, BackendObject *ret);
extern const BusInterface backend_interface;

/* log-control-dbus.c */
int log_control_export(Manager *m, TenantError *error) _must_check_;

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bus.h: how an interface gets on the bus. A NAME-dbus.c has a vtable (what introspection shows) and a table of calls (what a
 * method needs and does). Every method of every vtable enters by call_entry(), which asks polkit before it runs the handler of
 * the table; bus_export() refuses an interface of which the two tables do not agree, so no method can be without an action.
 */
#pragma once

#include "cleanup.h"
#include "error.h"
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#define BUS_NAME "org.tenantd1"
#define BUS_ROOT "/org/tenantd1"
#define BUS_TENANTS BUS_ROOT "/tenant"
#define BUS_JOBS BUS_ROOT "/job"
#define BUS_IMAGES BUS_ROOT "/image"
#define BUS_BACKENDS BUS_ROOT "/backend"

#define USEC_PER_SEC 1000000ull

static inline void bus_message_unref_p(sd_bus_message **m) {
        sd_bus_message_unref(*m);
}

static inline void bus_error_free_p(sd_bus_error *e) {
        sd_bus_error_free(e);
}

#define _cleanup_message_ _cleanup_(bus_message_unref_p)
#define _cleanup_bus_error_ _cleanup_(bus_error_free_p)

typedef struct Manager Manager;

/* Polkit actions, without "org.tenantd1." */
#define ACTION_MANAGE_TENANTS "manage-tenants"
#define ACTION_CONTROL_TENANTS "control-tenants"
#define ACTION_RUN "run"
#define ACTION_CREDENTIALS "credentials"
#define ACTION_MANAGE_IMAGES "manage-images"
#define ACTION_INSPECT "inspect"
#define ACTION_OF_JOB "of-job" /* the one that the job was started with */

/* A method call that may be carried out. Lives as long as the handler runs. */
typedef struct Call {
        Manager *manager;
        sd_bus_message *message;
        void *object; /* what find() gave; the Manager for its own interface */
        uid_t uid; /* of the caller, from the bus */
        const char *action; /* that was granted */
} Call;

/* What a first argument of the Manager's methods names. */
typedef enum CallAbout {
        ABOUT_NOTHING,
        ABOUT_TENANT,
        ABOUT_IMAGE,
        ABOUT_PATH, /* no argument: the object that the call is sent to */
} CallAbout;

typedef struct BusCall {
        const char *member;
        const char *action;
        /* Reads the arguments and replies, now or later. Negative errno with *error: call_entry() replies with that. */
        int (*handler)(Call *call, TenantError *error);
        CallAbout about;
} BusCall;

/* Who a call is about, for polkit's details and for looking again after its answer. */
typedef struct BusSubject {
        char tenant[64];
        char image[64];
        char backends[300];
        const char *action; /* of a job */
        uint64_t serial; /* differs when the object of this path or name is another one now */
} BusSubject;

typedef struct BusInterface {
        const char *name;
        const char *path; /* the object, or the top of the subtree */
        const sd_bus_vtable *vtable;
        const BusCall *calls; /* ends with a NULL member; NULL: no methods */
        /* The object at path, or NULL. NULL: the interface is on `path` itself. */
        void *(*find)(Manager *m, const char *path);
        /* Object paths below `path`, g_strdup'ed. NULL: another interface lists them. */
        void (*list)(Manager *m, GPtrArray *paths);
        /* Fills in what it knows; *ret is zeroed. */
        void (*subject)(void *object, BusSubject *ret);
} BusInterface;

/* The handler of every method. */
int call_entry(sd_bus_message *message, void *userdata, sd_bus_error *reterr_error);

/* One method in a vtable, so that none can be without call_entry() or be privileged. */
#define BUS_METHOD(member, in, in_names, ...)                                                               \
        SD_BUS_METHOD_WITH_NAMES(member, in, in_names, __VA_ARGS__, call_entry, SD_BUS_VTABLE_UNPRIVILEGED)
#define BUS_NO_NAMES ""

/* True when each method of the vtable has a call with handler and action, and each call a method. Else *error says which. */
bool bus_interface_is_complete(const BusInterface *interface, TenantError *error);

/* Puts it on the bus. -EINVAL: incomplete. */
int bus_export(Manager *m, const BusInterface *interface, TenantError *error) _must_check_;

/* After polkit has said yes: looks the object up again and runs the handler; replies in any case. */
void call_resume(Manager *m, const BusInterface *interface, const BusCall *bus_call, sd_bus_message *message,
                 uid_t uid, const BusSubject *asked);

/* Who a call is about now. */
int subject_of_call(Manager *m, const BusInterface *interface, const BusCall *bus_call,
                    sd_bus_message *message, void *object, BusSubject *ret, TenantError *error) _must_check_;

/* -ESTALE Busy. */
int call_is_stale(TenantError *error);

/* True when it calls a method of ours on an object that is there: call_entry() will ask for what it needs. */
bool bus_is_guarded(Manager *m, sd_bus_message *message);

/* Replies with the error of a handler. */
void call_fail(sd_bus_message *message, int r, const TenantError *error);

/* PREFIX/ENCODED; g_free. */
char *bus_path_encode(const char *prefix, const char *name);
/* The decoded rest of a path below prefix, or NULL; free(). */
char *bus_path_decode(const char *path, const char *prefix);

/* Why a message could not be read or built, as an error of ours. Returns r. */
int message_error(int r, TenantError *error);

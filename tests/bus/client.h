/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * client.h: a client on libdbus-1, so that the agent's messages are read by somebody else's code. Everything that comes in is
 * read in its order: signals before a reply are in the queue when the reply is returned.
 */
#pragma once

#include "world.h"
#include <dbus/dbus.h>

#define MANAGER_PATH "/org/tenantd1"
#define MANAGER "org.tenantd1.Manager"
#define TENANT "org.tenantd1.Tenant"
#define JOB "org.tenantd1.Job"
#define ACME "/org/tenantd1/tenant/acme"

typedef struct Client {
        DBusConnection *connection;
        DBusMessage *queue[512]; /* signals not yet taken */
        size_t n_queue;
} Client;

/* Connects as this user, in these groups beside his own, and asks for the agent's signals. */
Client *client_open_in_groups(World *w, uid_t uid, const gid_t *groups, size_t n_groups);
Client *client_open(World *w, uid_t uid); /* the operator in group tenantd, others in none */
Client *client_close(Client *c);
DEFINE_CLEANUP(Client *, client_close)

static inline void message_done_p(DBusMessage **m) {
        if (*m) {
                dbus_message_unref(*m);
        }
}
#define _cleanup_reply_ _cleanup_(message_done_p)
#define _cleanup_client_ _cleanup_(client_close_p)

/* One entry of an a{sv}; ends with a NULL key. type: s, u, t, b, i, A (as; value: char **). */
typedef struct Pair {
        const char *key;
        char type;
        const void *text;
        uint64_t number;
} Pair;

/*
 * A call to the agent. Arguments by letter: s, u, i; D: const Pair * (NULL: empty); A: char ** as "as"; V: a variant of a
 * string; H: a variant of a descriptor.
 */
DBusMessage *client_call(Client *c, const char *path, const char *interface, const char *member,
                         const char *letters, ...);
/* The same without waiting, and the wait. */
uint32_t client_send(Client *c, const char *path, const char *interface, const char *member,
                     const char *letters, ...);
DBusMessage *client_reply(Client *c, uint32_t serial);
/* Sends a message to anybody and waits. */
DBusMessage *client_exchange(Client *c, DBusMessage *m);

/* The next signal of this member (path NULL: any), waited for; unref it. */
DBusMessage *client_signal(Client *c, const char *path, const char *member);
/* True when it is in the queue already. */
bool client_has_signal(Client *c, const char *path, const char *member);
/* Any next message, for monitors. */
DBusMessage *client_next(Client *c);

/* Fails the test unless m is an error of this name ("NoSuchTenant": ours) whose text contains `part`. */
void expect_error(DBusMessage *m, const char *name, const char *part);
/* Fails the test when m is an error. */
void expect_reply(DBusMessage *m);

/* From a (u, o) reply: waits for the job's end. result and error are compared when not NULL (error: a part). */
void expect_job(Client *c, DBusMessage *reply, const char *result, const char *error);
void job_of(DBusMessage *reply, uint32_t *ret_id, const char **ret_path);

/* CreateTenant with null backends and more settings (NULL: none), waited for. */
void create_tenant(Client *c, const char *name);
DBusMessage *begin_create(Client *c, const char *name, const char *extra_key, const char *extra_value);

/* Property as text ("s") or number. */
char *get_text(Client *c, const char *path, const char *interface, const char *property);

/* ImportImage from a pipe of which the test has the other end: a job that runs until that closes or it is cancelled. */
DBusMessage *begin_endless_import(Client *c, const char *name, int *ret_fd);

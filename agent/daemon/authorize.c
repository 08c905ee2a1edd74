/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * authorize.c: see authorize.h. The subject is the caller's name on the bus, never a pid; details tell rules which tenant or
 * image, verb and backends. No polkit, an error, silence: denied. Nothing is remembered between calls. Owned by the agent.
 */
#include "authorize.h"
#include "log.h"
#include "manager.h"
#include <errno.h>
#include <string.h>

/* dbus-daemon lets 128 calls of a connection wait for their replies: beside these, a call to systemd for each of JOBS_MAX. */
#define QUERIES_MAX 48u
#define QUERIES_PER_UID_MAX 16u
/* A person may have to type a password; sd-bus's own 25 seconds are too short for that. */
#define POLKIT_TIMEOUT_USEC (150 * USEC_PER_SEC)
#define POLKIT_ALLOW_INTERACTION 1u

struct Query {
        Manager *manager;
        const BusInterface *interface;
        const BusCall *bus_call;
        sd_bus_message *message;
        sd_bus_slot *slot;
        sd_event_source *deadline;
        uid_t uid;
        bool is_void; /* it is withdrawn; polkit still owes us the answer, so the question counts */
        BusSubject subject;
        char *action;
        char id[24]; /* by which it is withdrawn; unique among those that are open */
};

Query *query_free(Query *q) {
        if (q) {
                sd_event_source_disable_unref(q->deadline);
                sd_bus_slot_unref(q->slot);
                sd_bus_message_unref(q->message);
                g_free(q->action);
                g_free(q);
        }
        return NULL;
}

static void deny(sd_bus_message *message, const char *name, const char *text) {
        (void) sd_bus_reply_method_errorf(message, name, "%s", text); /* gone: nobody to tell */
}

static void deny_by_error(Query *q, const sd_bus_error *e) {
        bool absent = sd_bus_error_has_names(e, SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER,
                                             SD_BUS_ERROR_DISCONNECTED);
        _cleanup_free_ char *text = NULL;

        if (absent) {
                text = strdup("Only root may do this, since polkit is not there to ask; install polkitd or "
                              "use sudo");
        } else if (asprintf(&text, "polkit did not answer for %s: %s", q->action,
                            e->message ? e->message : e->name) < 0) {
                text = NULL;
        }
        deny(q->message, SD_BUS_ERROR_ACCESS_DENIED, text ? text : "polkit did not answer");
}

static void decide(Query *q, sd_bus_message *reply) {
        int authorized = false, challenge = false, r;

        r = sd_bus_message_enter_container(reply, 'r', "bba{ss}");
        if (r > 0) {
                r = sd_bus_message_read(reply, "bb", &authorized, &challenge);
        }
        if (r >= 0 && authorized) {
                call_resume(q->manager, q->interface, q->bus_call, q->message, q->uid, &q->subject);
        } else if (r >= 0 && challenge) {
                deny(q->message, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
                     "An administrator must authenticate for this; allow interaction (a polkit agent) or "
                     "use sudo");
        } else {
                deny(q->message, SD_BUS_ERROR_ACCESS_DENIED,
                     "polkit does not allow this; see the rules for org.tenantd1");
        }
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        Query *q = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(reply);

        if (q->is_void) {
                log_debug("Nobody waits for polkit's answer about %s any more", q->action);
        } else if (e) {
                deny_by_error(q, e);
        } else {
                decide(q, reply);
        }
        (void) g_hash_table_remove(q->manager->queries, q); /* it is there: frees q */
        return 1;
}

static int append_detail(sd_bus_message *m, const char *key, const char *value) {
        return value[0] ? sd_bus_message_append(m, "{ss}", key, value) : 0;
}

static int append_details(sd_bus_message *m, const Query *q) {
        int r = sd_bus_message_open_container(m, 'a', "{ss}");

        if (r >= 0) {
                r = append_detail(m, "tenant", q->subject.tenant);
        }
        if (r >= 0) {
                r = append_detail(m, "image", q->subject.image);
        }
        if (r >= 0) {
                r = append_detail(m, "verb", q->bus_call->member);
        }
        if (r >= 0) {
                r = append_detail(m, "backends", q->subject.backends);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int new_call(const Query *q, const char *member, sd_bus_message **ret) {
        return sd_bus_message_new_method_call(q->manager->bus, ret, "org.freedesktop.PolicyKit1",
                                              "/org/freedesktop/PolicyKit1/Authority",
                                              "org.freedesktop.PolicyKit1.Authority", member);
}

/* A dialog that somebody looks at goes away with it. Nothing is done any more, whatever polkit says. */
static void withdraw(Query *q) {
        _cleanup_message_ sd_bus_message *m = NULL;
        int r = q->is_void ? -EALREADY : new_call(q, "CancelCheckAuthorization", &m);

        if (r >= 0) {
                r = sd_bus_message_append(m, "s", q->id);
        }
        if (r >= 0) {
                r = sd_bus_message_set_expect_reply(m, false);
        }
        if (r >= 0) {
                r = sd_bus_send(q->manager->bus, m, NULL);
        }
        if (r < 0 && !q->is_void) {
                log_debug("Cannot withdraw a question to polkit, ignoring: %s", strerror(-r));
        }
        q->is_void = true;
}

static int on_deadline(sd_event_source *s, uint64_t usec, void *userdata) {
        Query *q = userdata;

        if (!q->is_void) {
                _cleanup_free_ char *text = NULL;

                if (asprintf(&text, "polkit did not answer for %s in time", q->action) < 0) {
                        text = NULL;
                }
                deny(q->message, SD_BUS_ERROR_ACCESS_DENIED, text ? text : "polkit did not answer in time");
                withdraw(q);
        }
        return 0;
}

static int ask(Query *q) {
        _cleanup_message_ sd_bus_message *m = NULL;
        bool interactive = sd_bus_message_get_allow_interactive_authorization(q->message) > 0;
        int r = new_call(q, "CheckAuthorization", &m);

        if (r >= 0) {
                r = sd_bus_message_append(m, "(sa{sv})s", "system-bus-name", 1, "name", "s",
                                          sd_bus_message_get_sender(q->message), q->action);
        }
        if (r >= 0) {
                r = append_details(m, q);
        }
        if (r >= 0) {
                r = sd_bus_message_append(m, "us", interactive ? POLKIT_ALLOW_INTERACTION : 0u, q->id);
        }
        if (r >= 0) {
                r = sd_event_add_time_relative(q->manager->event, &q->deadline, CLOCK_MONOTONIC,
                                               POLKIT_TIMEOUT_USEC, 0, on_deadline, q);
        }
        /* The call itself has no time limit: the bus counts it until it is answered, and so do we. */
        return r < 0 ? r : sd_bus_call_async(q->manager->bus, &q->slot, m, on_answer, q, UINT64_MAX);
}

void authorize_caller_left(Manager *m, const char *caller) {
        GHashTableIter i;
        gpointer key;

        g_hash_table_iter_init(&i, m->queries);
        while (g_hash_table_iter_next(&i, &key, NULL)) {
                Query *q = key;

                if (strcmp(sd_bus_message_get_sender(q->message), caller) == 0) {
                        withdraw(q);
                }
        }
}

bool authorize_is_asking(const Manager *m) {
        GHashTableIter i;
        gpointer key;

        g_hash_table_iter_init(&i, m->queries);
        while (g_hash_table_iter_next(&i, &key, NULL)) {
                if (!((const Query *) key)->is_void) {
                        return true;
                }
        }
        return false;
}

static bool too_many(Manager *m, uid_t uid) {
        GHashTableIter i;
        gpointer key;
        unsigned n = 0;

        g_hash_table_iter_init(&i, m->queries);
        while (g_hash_table_iter_next(&i, &key, NULL)) {
                n += ((Query *) key)->uid == uid;
        }
        return n >= QUERIES_PER_UID_MAX || g_hash_table_size(m->queries) >= QUERIES_MAX;
}

int authorize(Manager *m, const BusInterface *interface, const BusCall *bus_call, sd_bus_message *message,
              uid_t uid, const BusSubject *subject, TenantError *error) {
        Query *q;
        int r;

        if (too_many(m, uid)) {
                return error_set(error, EBUSY, E_BUSY,
                                 "Too many calls wait for authorization; try again later");
        }
        q = g_new0(Query, 1);
        q->manager = m;
        q->interface = interface;
        q->bus_call = bus_call;
        q->message = sd_bus_message_ref(message);
        q->uid = uid;
        q->subject = *subject;
        q->action = g_strdup_printf(BUS_NAME ".%s", subject->action);
        snprintf(q->id, sizeof(q->id), "%p", (void *) q);
        r = ask(q);
        if (r < 0) {
                (void) query_free(q);
                return error_set_errno(error, r, E_FAILED, "Cannot ask polkit");
        }
        (void) g_hash_table_add(m->queries, q); /* a new pointer: cannot be there */
        return 0;
}

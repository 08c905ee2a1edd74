/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gate.c: see gate.h. A filter before all that sd-bus does with a message by itself. It never waits but for the first message
 * of a connection, whose user it asks the bus for. Refuses signals of users: anybody may send one to us that looks like
 * systemd's, and sd-bus takes the sender of a match for granted when it is a well-known name. Owned by the agent.
 */
#include "gate.h"
#include "authorize.h"
#include "lifecycle.h"
#include "log.h"
#include "manager.h"
#include "pending.h"
#include "sender.h"
#include "share.h"
#include <errno.h>
#include <string.h>
#include <time.h>

/* Run takes an input of 1 MiB. A question to polkit keeps the message. */
#define MESSAGE_MAX (2u * 1024 * 1024)
/* What a worker takes beside our own time: about this much of a processor. */
#define WORKER_COST_USEC 20000u
#define MESSAGES_A_ROUND 64u

static const BusInterface reading;

struct Gate {
        Manager *manager;
        Shares *shares;
        Senders *senders;
        GHashTable *passing; /* messages that were authorized and come again → serial of their object */
        uid_t working_for;
        uint64_t work_began_usec; /* of our processor time */
};

Gate *gate_free(Gate *g) {
        if (g) {
                (void) shares_free(g->shares); /* returns NULL */
                (void) senders_free(g->senders); /* as above */
                g_hash_table_unref(g->passing);
                g_free(g);
        }
        return NULL;
}

static uint64_t clock_usec(clockid_t id) {
        struct timespec ts;

        (void) clock_gettime(id, &ts); /* cannot fail for these clocks */
        return (uint64_t) ts.tv_sec * USEC_PER_SEC + (uint64_t) ts.tv_nsec / 1000;
}

int gate_uid(Manager *m, sd_bus_message *message, uid_t *ret) {
        int r = senders_uid(m->gate->senders, message, ret);

        return r == 0 ? -EPERM : r; /* on_message() has made sure that it is known */
}

bool gate_is_busy(const Manager *m) {
        return senders_are_asked(m->gate->senders) || g_hash_table_size(m->gate->passing) > 0;
}

void gate_charge_worker(Manager *m, uid_t uid) {
        if (uid != 0) {
                shares_take(m->gate->shares, uid, clock_usec(CLOCK_MONOTONIC), WORKER_COST_USEC);
        }
}

/* From here on we work for this user. The reading of his message was charged to the one before: of a flood he is himself. */
static void work_for(Gate *g, uid_t uid) {
        uint64_t used = clock_usec(CLOCK_THREAD_CPUTIME_ID);

        if (g->working_for != 0) {
                shares_take(g->shares, g->working_for, clock_usec(CLOCK_MONOTONIC),
                            used - g->work_began_usec);
        }
        g->working_for = uid;
        g->work_began_usec = used;
}

static int check_size(sd_bus_message *message, TenantError *error) {
        size_t size;
        int r = message_weigh(message, MESSAGE_MAX, &size);

        return r == -E2BIG
                       ? error_set(error, E2BIG, E_INVALID_SETTING,
                                   "The call is larger than %u bytes, which only root may send", MESSAGE_MAX)
               : r < 0 ? message_error(r, error)
                       : 0;
}

/* After polkit's yes: the message comes in again, and then sd-bus has it. */
static int method_read(Call *call, TenantError *error) {
        Gate *g = call->manager->gate;
        BusSubject subject;
        int r = subject_of_call(call->manager, &reading, reading.calls, call->message, call->manager,
                                &subject, error);

        if (r < 0) {
                return r;
        }
        r = sd_bus_enqueue_for_read(call->manager->bus, call->message);
        if (r < 0) {
                return message_error(r, error);
        }
        (void) g_hash_table_insert(g->passing, sd_bus_message_ref(call->message),
                                   g_memdup2(&subject.serial, sizeof(subject.serial))); /* was not there */
        return 0;
}

static const BusCall read_calls[] = {
        { "Read", ACTION_INSPECT, method_read, ABOUT_PATH },
        { NULL },
};

static const BusInterface reading = { .name = "", .calls = read_calls };

static int ask(Gate *g, sd_bus_message *message, uid_t uid, TenantError *error) {
        BusSubject subject;
        int r = subject_of_call(g->manager, &reading, read_calls, message, g->manager, &subject, error);

        return r < 0 ? r : authorize(g->manager, &reading, read_calls, message, uid, &subject, error);
}

/* It comes again: 1 when it still means what polkit was asked about. */
static int come_again(Gate *g, sd_bus_message *message, uint64_t asked, TenantError *error) {
        BusSubject now;
        int r = subject_of_call(g->manager, &reading, read_calls, message, g->manager, &now, error);

        (void) g_hash_table_remove(g->passing, message); /* it is there; sd-bus has it, too */
        return r < 0 ? r : now.serial != asked ? call_is_stale(error) : 1;
}

static bool is_free(Manager *m, sd_bus_message *message) {
        const char *interface = sd_bus_message_get_interface(message);

        return g_strcmp0(interface, "org.freedesktop.DBus.Peer") == 0 || bus_is_guarded(m, message);
}

/* 1: go on with it; 0: polkit was asked; negative: reply with *error. */
static int admit(Gate *g, sd_bus_message *message, uid_t uid, TenantError *error) {
        int r = check_size(message, error);

        return r < 0 ? r : is_free(g->manager, message) ? 1 : ask(g, message, uid, error);
}

static void answer_busy(sd_bus_message *message, const char *text) {
        TenantError error = { 0 };

        if (sd_bus_message_get_expect_reply(message) > 0) { /* to refuse must cost next to nothing */
                (void) error_set(&error, EBUSY, E_BUSY, "%s; try again in a moment", text);
                call_fail(message, -EBUSY, &error);
        }
}

static bool is_over_share(Gate *g, sd_bus_message *message, uid_t uid) {
        if (shares_has(g->shares, uid, clock_usec(CLOCK_MONOTONIC))) {
                return false;
        }
        if (g->working_for != 0) {
                work_for(g, 0); /* what is refused must not take from the share of all */
        }
        answer_busy(message, "You call too often");
        return true;
}

static int on_call(Gate *g, sd_bus_message *message, uid_t uid) {
        const uint64_t *asked = uid != 0 ? g_hash_table_lookup(g->passing, message) : NULL;
        TenantError error = { 0 };
        int r = 1;

        if (uid != 0 && !asked && is_over_share(g, message, uid)) {
                return 1;
        }
        work_for(g, uid);
        if (uid != 0) {
                r = asked ? come_again(g, message, *asked, &error) : admit(g, message, uid, &error);
        }
        if (r < 0) {
                call_fail(message, r, &error); /* gone: nobody to tell */
        }
        return r > 0 ? 0 : 1;
}

/*
 * The bus, and sd-bus itself when it has lost the bus, which ends us only when no filter keeps that to itself. A bus sets the
 * sender of what it delivers, and gives nobody these names.
 */
static bool is_of_the_bus(const char *sender) {
        return g_strcmp0(sender, "org.freedesktop.DBus") == 0 ||
               g_strcmp0(sender, "org.freedesktop.DBus.Local") == 0;
}

/* 1 ends what sd-bus does with it. systemd and the bus speak as root. */
static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *reterr_error) {
        uint8_t type = 0;
        Gate *g = userdata;
        uid_t uid;
        int r = sd_bus_message_get_type(message, &type);

        if (r < 0 || (type != SD_BUS_MESSAGE_METHOD_CALL && type != SD_BUS_MESSAGE_SIGNAL)) {
                return r < 0; /* a reply that nobody waits for: nothing comes of it */
        }
        if (type == SD_BUS_MESSAGE_SIGNAL && is_of_the_bus(sd_bus_message_get_sender(message))) {
                return 0;
        }
        r = senders_uid(g->senders, message, &uid);
        if (r > 0) {
                return type == SD_BUS_MESSAGE_METHOD_CALL ? on_call(g, message, uid) : uid != 0;
        }
        if (r == -EBUSY) {
                answer_busy(message, "Too many new callers");
        } else if (r < 0 && type == SD_BUS_MESSAGE_METHOD_CALL) {
                (void) sd_bus_reply_method_errorf(
                        message, SD_BUS_ERROR_ACCESS_DENIED,
                        "Cannot find out who is asking"); /* gone: nobody to tell */
        }
        return 1;
}

static gboolean is_from(gpointer message, gpointer serial, gpointer caller) {
        return strcmp(sd_bus_message_get_sender(message), caller) == 0;
}

/*
 * One match for all callers, whoever waits for the end of which: a bus allows so many matches to a connection (dbus-daemon: 512),
 * and sd-bus leaves a bus that refuses one.
 */
static int on_name_lost(sd_bus_message *message, void *userdata, sd_bus_error *reterr_error) {
        Gate *g = userdata;
        const char *name;
        int r = sd_bus_message_read(message, "s", &name);

        if (r < 0) {
                log_debug("Cannot read who left the bus, ignoring: %s", strerror(-r));
        } else if (name[0] == ':') {
                senders_forget(g->senders, name);
                (void) g_hash_table_foreach_remove(g->passing, is_from,
                                                   (gpointer) name); /* how many: no matter */
                authorize_caller_left(g->manager, name);
                pending_caller_left(g->manager, name);
                lifecycle_caller_left(g->manager, name);
        }
        return 0;
}

static void message_unref(gpointer message) {
        sd_bus_message_unref(message);
}

/*
 * sd-bus takes one message for each round of the event loop, which costs more than to refuse a message. The bus must not be
 * faster in sending than we are in reading, or a flood makes a queue there, and root waits at its end.
 */
static int on_round(sd_event_source *source, void *userdata) {
        Gate *g = userdata;

        for (unsigned i = 0; i < MESSAGES_A_ROUND; i++) {
                if (sd_bus_process(g->manager->bus, NULL) <= 0) {
                        break; /* an error comes again, to the event loop */
                }
        }
        lifecycle_end_if_done(g->manager); /* after the last that this round has taken from the bus */
        return 0;
}

int gate_start(Manager *m, TenantError *error) {
        Gate *g = g_new0(Gate, 1);
        int r;

        m->gate = g;
        g->manager = m;
        g->shares = shares_new();
        g->senders = senders_new(m);
        g->passing = g_hash_table_new_full(NULL, NULL, message_unref, g_free);
        r = sd_bus_add_filter(m->bus, NULL, on_message, g);
        if (r >= 0) {
                r = sd_bus_add_match_async(m->bus, NULL,
                                           "type='signal',sender='org.freedesktop.DBus',"
                                           "path='/org/freedesktop/DBus',interface='org.freedesktop.DBus',"
                                           "member='NameOwnerChanged',arg2=''",
                                           on_name_lost, NULL, g);
        }
        if (r >= 0) {
                r = sd_event_add_post(m->event, NULL, on_round, g);
        }
        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot filter what comes from the bus") : 0;
}

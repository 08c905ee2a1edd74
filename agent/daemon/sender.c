/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sender.c: see sender.h. Bounded in what it keeps: messages of a connection whose user is not known yet, and users of
 * connections. Owned by the agent.
 */
#include "sender.h"
#include "manager.h"
#include <errno.h>
#include <string.h>

#define SENDERS_MAX 1024u
/*
 * Of all messages that are kept. The last part of it is for senders of whom little is kept, so that a few large messages, or one
 * user's many connections, leave room for everybody's first call. A message may be larger than KEPT_LARGEST, and counts as that.
 */
#define KEPT_MAX (24u * 1024 * 1024)
#define KEPT_FOR_SMALL (8u * 1024 * 1024)
#define KEPT_SMALL (16u * 1024)
#define KEPT_LARGEST (4u * 1024 * 1024)
#define MESSAGE_COST 1024u
#define ELEMENT_COST 16u

typedef struct Sender {
        Senders *all;
        char *name;
        uid_t uid;
        bool is_known;
        sd_bus_slot *question;
        GPtrArray *kept; /* messages, in their order; NULL: is_known */
        size_t kept_bytes;
} Sender;

struct Senders {
        Manager *manager;
        GHashTable *table; /* unique name → Sender */
        size_t kept_bytes;
};

static bool take_cost(size_t *left, size_t cost) {
        if (cost > *left) {
                return false;
        }
        *left -= cost;
        return true;
}

static int weigh_one(sd_bus_message *message, char type, const char *contents, size_t *left);

/* What is left of the container that is open, of *left bytes. -E2BIG: more. */
static int weigh(sd_bus_message *message, size_t *left) {
        const char *contents;
        char type;
        int r;

        while ((r = sd_bus_message_peek_type(message, &type, &contents)) > 0) {
                r = take_cost(left, ELEMENT_COST) ? weigh_one(message, type, contents, left) : -E2BIG;
                if (r < 0) {
                        return r;
                }
        }
        return r;
}

static int weigh_numbers(sd_bus_message *message, char type, size_t *left) {
        const void *data;
        size_t size;
        int r = sd_bus_message_read_array(message, type, &data, &size);

        return r < 0 ? r : take_cost(left, size) ? 0 : -E2BIG;
}

static int weigh_container(sd_bus_message *message, char type, const char *contents, size_t *left) {
        int r = sd_bus_message_enter_container(message, type, contents);

        r = r < 0 ? r : weigh(message, left);
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int weigh_one(sd_bus_message *message, char type, const char *contents, size_t *left) {
        union {
                const char *text;
                uint64_t number;
        } value;
        int r;

        if (type == 'a' && strlen(contents) == 1 && strchr("ynqiuxtd", contents[0])) {
                return weigh_numbers(message, contents[0], left);
        }
        if (contents) {
                return weigh_container(message, type, contents, left);
        }
        r = sd_bus_message_read_basic(message, type, &value);
        return r >= 0 && strchr("sog", type) && !take_cost(left, strlen(value.text)) ? -E2BIG : r;
}

/* Of the header only the path has no bound of its own. */
int message_weigh(sd_bus_message *message, size_t most, size_t *ret) {
        const char *path = sd_bus_message_get_path(message);
        size_t left = most;
        int s, r = take_cost(&left, path ? strlen(path) : 0) ? weigh(message, &left) : -E2BIG;

        s = sd_bus_message_rewind(message, true);

        *ret = most - left;
        return r < 0 ? r : s;
}

static void message_unref(gpointer message) {
        sd_bus_message_unref(message);
}

static void sender_free(gpointer data) {
        Sender *s = data;

        sd_bus_slot_unref(s->question);
        if (s->kept) {
                g_ptr_array_unref(s->kept);
        }
        g_free(s->name);
        g_free(s);
}

Senders *senders_new(Manager *m) {
        Senders *s = g_new0(Senders, 1);

        s->manager = m;
        s->table = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, sender_free);
        return s;
}

Senders *senders_free(Senders *s) {
        if (s) {
                g_hash_table_unref(s->table);
                g_free(s);
        }
        return NULL;
}

void senders_forget(Senders *all, const char *name) {
        const Sender *s = g_hash_table_lookup(all->table, name);

        if (s && s->is_known) { /* else the answer is on its way, and says it too */
                (void) g_hash_table_remove(all->table, name); /* it is there: frees s */
        }
}

bool senders_are_asked(const Senders *s) {
        return s->kept_bytes > 0;
}

/* What was kept comes in again before anything new is read, so the order stays. */
static void give_back(const Sender *s, sd_bus_message *message) {
        TenantError error = { 0 };

        if (s->is_known) {
                /* fails when as much waits already as sd-bus allows: the caller hears nothing, as if we had ended */
                (void) sd_bus_enqueue_for_read(s->all->manager->bus, message);
        } else { /* it has left the bus, or the bus had no room for the answer */
                (void) error_set(&error, EBUSY, E_BUSY, "Cannot find out now who is asking; try again");
                call_fail(message, -EBUSY, &error);
        }
}

static void give_all_back(Sender *s) {
        for (guint i = 0; i < s->kept->len; i++) {
                give_back(s, g_ptr_array_index(s->kept, i));
        }
        s->all->kept_bytes -= s->kept_bytes;
        g_ptr_array_unref(s->kept);
        s->kept = NULL;
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *reterr_error) {
        Sender *s = userdata;
        uint32_t uid = 0;

        s->is_known = !sd_bus_message_get_error(reply) && sd_bus_message_read(reply, "u", &uid) > 0;
        s->uid = uid;
        give_all_back(s);
        s->question = sd_bus_slot_unref(s->question);
        if (!s->is_known) {
                (void) g_hash_table_remove(s->all->table, s->name); /* it is there: frees s */
        }
        return 1;
}

static int ask(Sender *s) {
        return sd_bus_call_method_async(s->all->manager->bus, &s->question, "org.freedesktop.DBus",
                                        "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                        "GetConnectionUnixUser", on_answer, s, "s", s->name);
}

static bool has_room(const Sender *s, size_t size) {
        size_t reserved = s->kept_bytes + size > KEPT_SMALL ? KEPT_FOR_SMALL : 0;

        return s->all->kept_bytes + size <= KEPT_MAX - reserved;
}

static int keep(Sender *s, sd_bus_message *message) {
        size_t size;
        int r = message_weigh(message, KEPT_LARGEST, &size);

        size = r < 0 ? KEPT_LARGEST : size + MESSAGE_COST; /* who knows how large it is */
        if (!has_room(s, size)) {
                return -EBUSY;
        }
        s->kept_bytes += size;
        s->all->kept_bytes += size;
        g_ptr_array_add(s->kept, sd_bus_message_ref(message));
        return 0;
}

/* Not root's: systemd must be heard when there is room for nobody new. */
static gboolean can_be_asked_again(gpointer name, gpointer sender, gpointer unused) {
        const Sender *s = sender;

        return s->is_known && s->uid != 0;
}

static Sender *sender_new(Senders *all, const char *name) {
        Sender *s = g_new0(Sender, 1);

        if (g_hash_table_size(all->table) >= SENDERS_MAX) {
                (void) g_hash_table_foreach_remove(all->table, can_be_asked_again,
                                                   NULL); /* how many: no matter */
        }
        s->all = all;
        s->name = g_strdup(name);
        s->kept = g_ptr_array_new_with_free_func(message_unref);
        (void) g_hash_table_insert(all->table, s->name, s); /* was not there */
        return s;
}

/* Without a question nothing would ever remove it; its message is the caller's to refuse. */
static void sender_drop(Sender *s) {
        s->all->kept_bytes -= s->kept_bytes;
        (void) g_hash_table_remove(s->all->table, s->name); /* it is there: frees s */
}

int senders_uid(Senders *all, sd_bus_message *message, uid_t *ret) {
        const char *name = sd_bus_message_get_sender(message);
        Sender *s = name ? g_hash_table_lookup(all->table, name) : NULL;
        int r;

        if (s && s->is_known) {
                *ret = s->uid;
                return 1;
        }
        if (!name || (!s && g_hash_table_size(all->table) >= 2 * SENDERS_MAX)) {
                return name ? -EBUSY : -EPERM;
        }
        s = s ? s : sender_new(all, name);
        r = keep(s, message);
        if (r >= 0 && !s->question) {
                r = ask(s);
        }
        if (r < 0 && !s->question) {
                sender_drop(s);
        }
        return r < 0 ? r : 0;
}

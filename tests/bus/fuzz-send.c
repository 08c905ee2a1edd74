/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-send.c: see fuzz.h. Calls, properties, signals and broken messages, by the agent's own description of itself.
 */
#include "fuzz.h"

static bool is_method_of_ours(const TreeMember *m) {
        return !m->is_property && strncmp(m->interface, "org.tenantd1.", 13) == 0;
}

/* Any member, and those that do something more often. */
static unsigned pick_member(Fuzz *f) {
        unsigned i = hostile_below((unsigned) f->tree.n_members);

        while (hostile_below(3) && !is_method_of_ours(&f->tree.members[i])) {
                i = hostile_below((unsigned) f->tree.n_members);
        }
        return i;
}

const Spot *pick_spot(Fuzz *f) {
        unsigned member = pick_member(f), seen = 0;
        const Spot *picked = NULL;

        for (size_t i = 0; i < f->tree.n_spots; i++) {
                if (f->tree.spots[i].member == member && one_in(++seen)) {
                        picked = &f->tree.spots[i];
                }
        }
        return picked ? picked : &f->tree.spots[hostile_below((unsigned) f->tree.n_spots)];
}

static void append_two(DBusMessage *m, const char *a, const char *b) {
        dbus_message_append_args(m, DBUS_TYPE_STRING, &a, DBUS_TYPE_STRING, &b, DBUS_TYPE_INVALID);
}

static DBusMessage *new_property_call(const char *path, const TreeMember *p) {
        const char *const verbs[] = { "Get", "Get", "Set", "GetAll" };
        const char *verb = verbs[hostile_below(ELEMENTSOF(verbs))], *interface = p->interface;
        DBusMessage *m = dbus_message_new_method_call("org.tenantd1", path, PROPERTIES, verb);

        assert_non_null(m);
        hostile_append(m, ""); /* the texts to show are none yet */
        if (strcmp(verb, "GetAll") == 0) {
                dbus_message_append_args(m, DBUS_TYPE_STRING, &interface, DBUS_TYPE_INVALID);
                return m;
        }
        if (one_in(8)) {
                hostile_append(m, strcmp(verb, "Get") == 0 ? "ss" : "ssv");
                return m;
        }
        append_two(m, interface, p->name);
        if (strcmp(verb, "Set") == 0) {
                hostile_append(m, "v");
        }
        return m;
}

static DBusMessage *new_method_call(Fuzz *f, const char *path, const TreeMember *member) {
        const TreeMember *other = &f->tree.members[hostile_below((unsigned) f->tree.n_members)];
        const char *interface = one_in(40) ? NULL : one_in(40) ? other->interface : member->interface;
        DBusMessage *m = dbus_message_new_method_call("org.tenantd1", path, interface,
                                                      one_in(40) ? other->name : member->name);

        assert_non_null(m);
        hostile_append(m, one_in(12) ? hostile_signature(member->type) : member->type);
        return m;
}

static DBusMessage *new_call(Fuzz *f, const Spot *s) {
        const TreeMember *member = &f->tree.members[s->member];
        const char *path = one_in(20) ? hostile_path() : s->path;
        DBusMessage *m =
                member->is_property ? new_property_call(path, member) : new_method_call(f, path, member);

        dbus_message_set_auto_start(m, FALSE);
        dbus_message_set_allow_interactive_authorization(m, one_in(4));
        dbus_message_set_no_reply(m, one_in(40));
        return m;
}

/* For whoever reads why it failed. */
static void note(Fuzz *f, const char *who, DBusMessage *m) {
        size_t n = strlen(f->batch);
        const char *interface = dbus_message_get_interface(m);

        snprintf(f->batch + n, sizeof(f->batch) - n, "# %s: %.80s %s.%s(%.40s) %s\n", who,
                 dbus_message_get_path(m), interface ? interface : "", dbus_message_get_member(m),
                 dbus_message_get_signature(m), hostile_shown());
}

void send_call(Fuzz *f, Client *c, const Spot *s) {
        _cleanup_reply_ DBusMessage *m = new_call(f, s);
        Pending *p = &f->pending[f->n_pending];

        note(f, c == f->root ? "root" : "user", m);
        *p = (Pending){ .client = c, .member = s->member };
        snprintf(p->text, sizeof(p->text), "%s.%s(%s) %s", dbus_message_get_path(m),
                 dbus_message_get_member(m), dbus_message_get_signature(m), hostile_shown());
        assert_true(dbus_connection_send(c->connection, m, &p->serial));
        f->n_pending += !dbus_message_get_no_reply(m);
        f->tree.members[s->member].calls++;
        f->calls++;
}

/* What systemd, polkit and the bus tell, told by somebody else. Nobody answers. */
void send_signal(Fuzz *f, Client *c) {
        static const char *const signals[][4] = {
                { "/org/freedesktop/systemd1/unit/tenant_40acme_2eservice", PROPERTIES, "PropertiesChanged",
                  "sa{sv}as" },
                { "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "JobRemoved", "uoss" },
                { "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "Reloading", "b" },
                { "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged", "sss" },
                { "/org/freedesktop/PolicyKit1/Authority", "org.freedesktop.PolicyKit1.Authority", "Changed",
                  "" },
                { MANAGER_PATH, MANAGER, "JobRemoved", "uoss" },
        };
        const char *const *s = signals[hostile_below(ELEMENTSOF(signals))];
        _cleanup_reply_ DBusMessage *m = dbus_message_new_signal(s[0], s[1], s[2]);

        assert_non_null(m);
        assert_true(dbus_message_set_destination(m, "org.tenantd1"));
        hostile_append(m, one_in(4) ? hostile_signature(s[3]) : s[3]);
        note(f, "signal", m);
        assert_true(dbus_connection_send(c->connection, m, NULL));
}

/* The bus ends a connection that breaks the rules; what is within them comes to the agent. */
void send_broken(Fuzz *f, const Spot *s) {
        _cleanup_reply_ DBusMessage *m = new_call(f, s);
        _cleanup_free_ char *bytes = NULL;
        int fd = hostile_descriptor();
        size_t size = 0;

        note(f, "broken", m);
        if (!f->raw) {
                f->raw = raw_open_as(f->w, 0);
                assert_non_null(f->raw);
        }
        bytes = dbus_message_contains_unix_fds(m) ? NULL : raw_marshal(f->raw, m, &size);
        if (bytes) {
                hostile_bytes(bytes, &size);
                if (!raw_write_fds(f->raw, bytes, size, &fd, fd >= 0)) {
                        f->raw = raw_close(f->raw);
                }
                f->broken++;
        }
        if (fd >= 0) {
                close(fd);
        }
}

/* What it answered is nobody's. */
void drain_raw(Fuzz *f) {
        bool gone = false;
        DBusMessage *m;

        while (f->raw && (m = raw_next(f->raw, 1, &gone))) {
                dbus_message_unref(m);
        }
        if (gone ||
            (f->raw && (f->raw->n_in > 0 || one_in(8)))) { /* a message that was cut waits for its rest */
                f->raw = raw_close(f->raw);
        }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* client.c: see client.h. Owned by tests/bus. */
#include "client.h"
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>

static void add_match(Client *c, const char *rule) {
        dbus_bus_add_match(c->connection, rule, NULL); /* unchecked: an error would be a disconnect */
}

Client *client_open_in_groups(World *w, uid_t uid, const gid_t *groups, size_t n_groups) {
        Client *c = calloc(1, sizeof(*c));
        DBusError error = DBUS_ERROR_INIT;
        char address[128];

        assert_non_null(c);
        snprintf(address, sizeof(address), "unix:path=%s/bus", w->dir);
        /* What the bus sees at connect(2). */
        assert_int_equal(setgroups(n_groups, groups), 0);
        assert_int_equal(seteuid(uid), 0);
        c->connection = dbus_connection_open_private(address, &error);
        if (c->connection) {
                dbus_connection_set_exit_on_disconnect(c->connection, FALSE);
                dbus_bus_register(c->connection, &error);
        }
        assert_int_equal(seteuid(0), 0);
        assert_int_equal(setgroups(0, NULL), 0);
        if (dbus_error_is_set(&error)) {
                fail_msg("cannot connect: %s", error.message);
        }
        add_match(c, "type='signal',sender='org.tenantd1'");
        add_match(c, "type='signal',member='NameOwnerChanged',arg0='org.tenantd1'");
        return c;
}

Client *client_open(World *w, uid_t uid) {
        return client_open_in_groups(w, uid, &(gid_t){ WORLD_GROUP }, uid == WORLD_OPERATOR);
}

Client *client_close(Client *c) {
        if (c) {
                for (size_t i = 0; i < c->n_queue; i++) {
                        dbus_message_unref(c->queue[i]);
                }
                dbus_connection_close(c->connection);
                dbus_connection_unref(c->connection);
                free(c);
        }
        return NULL;
}

static void append_strings(DBusMessageIter *to, char *const *strings) {
        DBusMessageIter array;

        dbus_message_iter_open_container(to, DBUS_TYPE_ARRAY, "s", &array);
        for (size_t i = 0; strings[i]; i++) {
                dbus_message_iter_append_basic(&array, DBUS_TYPE_STRING, &strings[i]);
        }
        dbus_message_iter_close_container(to, &array);
}

static void append_pair(DBusMessageIter *dictionary, const Pair *p) {
        DBusMessageIter entry, variant;
        char type[3] = { p->type, 0, 0 };

        dbus_message_iter_open_container(dictionary, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
        dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &p->key);
        dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, p->type == 'A' ? "as" : type, &variant);
        if (p->type == 'A') {
                append_strings(&variant, p->text);
        } else if (p->type == 's') {
                dbus_message_iter_append_basic(&variant, DBUS_TYPE_STRING, &p->text);
        } else if (p->type == 't') {
                dbus_message_iter_append_basic(&variant, DBUS_TYPE_UINT64, &p->number);
        } else {
                uint32_t n = (uint32_t) p->number;

                dbus_message_iter_append_basic(&variant, p->type, &n);
        }
        dbus_message_iter_close_container(&entry, &variant);
        dbus_message_iter_close_container(dictionary, &entry);
}

static void append_dictionary(DBusMessageIter *to, const Pair *pairs) {
        DBusMessageIter dictionary;

        dbus_message_iter_open_container(to, DBUS_TYPE_ARRAY, "{sv}", &dictionary);
        for (const Pair *p = pairs; p && p->key; p++) {
                append_pair(&dictionary, p);
        }
        dbus_message_iter_close_container(to, &dictionary);
}

static void append_variant(DBusMessageIter *to, int type, const void *value) {
        DBusMessageIter variant;
        char signature[2] = { (char) type, 0 };

        dbus_message_iter_open_container(to, DBUS_TYPE_VARIANT, signature, &variant);
        dbus_message_iter_append_basic(&variant, type, value);
        dbus_message_iter_close_container(to, &variant);
}

static void append_argument(DBusMessageIter *i, char letter, va_list *ap) {
        const char *text;
        uint32_t number;
        int fd;

        switch (letter) {
        case 's':
        case 'V':
                text = va_arg(*ap, const char *);
                if (letter == 'V') {
                        append_variant(i, DBUS_TYPE_STRING, &text);
                } else {
                        dbus_message_iter_append_basic(i, DBUS_TYPE_STRING, &text);
                }
                break;
        case 'u':
        case 'i':
                number = va_arg(*ap, uint32_t);
                dbus_message_iter_append_basic(i, letter, &number);
                break;
        case 'H':
                fd = va_arg(*ap, int);
                append_variant(i, DBUS_TYPE_UNIX_FD, &fd);
                break;
        case 'A':
                append_strings(i, va_arg(*ap, char *const *));
                break;
        default:
                append_dictionary(i, va_arg(*ap, const Pair *));
        }
}

static DBusMessage *new_call(const char *path, const char *interface, const char *member,
                             const char *letters, va_list *ap) {
        DBusMessage *m = dbus_message_new_method_call("org.tenantd1", path, interface, member);
        DBusMessageIter i;

        assert_non_null(m);
        dbus_message_set_auto_start(m, FALSE);
        dbus_message_iter_init_append(m, &i);
        for (; *letters; letters++) {
                append_argument(&i, *letters, ap);
        }
        return m;
}

static uint32_t post(Client *c, DBusMessage *m) {
        uint32_t serial;

        assert_true(dbus_connection_send(c->connection, m, &serial));
        dbus_connection_flush(c->connection);
        return serial;
}

uint32_t client_send(Client *c, const char *path, const char *interface, const char *member,
                     const char *letters, ...) {
        _cleanup_reply_ DBusMessage *m = NULL;
        va_list ap;

        va_start(ap, letters);
        m = new_call(path, interface, member, letters, &ap);
        va_end(ap);
        return post(c, m);
}

DBusMessage *client_next(Client *c) {
        DBusMessage *m;

        while (!(m = dbus_connection_pop_message(c->connection))) {
                check_time();
                if (!dbus_connection_read_write(c->connection, 100)) {
                        fail_msg("the bus is gone");
                }
        }
        return m;
}

static void keep(Client *c, DBusMessage *m) {
        if (dbus_message_get_type(m) != DBUS_MESSAGE_TYPE_SIGNAL || c->n_queue == ELEMENTSOF(c->queue)) {
                dbus_message_unref(m);
                return;
        }
        c->queue[c->n_queue++] = m;
}

DBusMessage *client_reply(Client *c, uint32_t serial) {
        for (;;) {
                DBusMessage *m = client_next(c);

                if (dbus_message_get_reply_serial(m) == serial) {
                        return m;
                }
                keep(c, m);
        }
}

DBusMessage *client_exchange(Client *c, DBusMessage *m) {
        return client_reply(c, post(c, m));
}

DBusMessage *client_call(Client *c, const char *path, const char *interface, const char *member,
                         const char *letters, ...) {
        _cleanup_reply_ DBusMessage *m = NULL;
        va_list ap;

        va_start(ap, letters);
        m = new_call(path, interface, member, letters, &ap);
        va_end(ap);
        return client_exchange(c, m);
}

static bool is_signal(DBusMessage *m, const char *path, const char *member) {
        return strcmp(dbus_message_get_member(m), member) == 0 &&
               (!path || strcmp(dbus_message_get_path(m), path) == 0);
}

static DBusMessage *take_signal(Client *c, const char *path, const char *member) {
        for (size_t i = 0; i < c->n_queue; i++) {
                DBusMessage *m = c->queue[i];

                if (is_signal(m, path, member)) {
                        memmove(c->queue + i, c->queue + i + 1, (--c->n_queue - i) * sizeof(m));
                        return m;
                }
        }
        return NULL;
}

bool client_has_signal(Client *c, const char *path, const char *member) {
        for (size_t i = 0; i < c->n_queue; i++) {
                if (is_signal(c->queue[i], path, member)) {
                        return true;
                }
        }
        return false;
}

DBusMessage *client_signal(Client *c, const char *path, const char *member) {
        DBusMessage *m = take_signal(c, path, member);

        while (!m) {
                keep(c, client_next(c));
                m = take_signal(c, path, member);
        }
        return m;
}

static const char *error_text(DBusMessage *m) {
        const char *text = "";

        return dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID) ? text : "";
}

void expect_error(DBusMessage *m, const char *name, const char *part) {
        const char *given = dbus_message_get_error_name(m);
        char full[128];

        snprintf(full, sizeof(full), "%s%s", strchr(name, '.') ? "" : "org.tenantd1.Error.", name);
        if (!given || strcmp(given, full) != 0 || !strstr(error_text(m), part)) {
                fail_msg("%s with '%s' was expected, not %s: %s", full, part, given ? given : "a reply",
                         given ? error_text(m) : "");
        }
}

void expect_reply(DBusMessage *m) {
        if (dbus_message_get_type(m) != DBUS_MESSAGE_TYPE_METHOD_RETURN) {
                fail_msg("a reply was expected, not %s: %s", dbus_message_get_error_name(m), error_text(m));
        }
}

void job_of(DBusMessage *reply, uint32_t *ret_id, const char **ret_path) {
        expect_reply(reply);
        assert_true(dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, ret_id, DBUS_TYPE_OBJECT_PATH,
                                          ret_path, DBUS_TYPE_INVALID));
}

void expect_job(Client *c, DBusMessage *reply, const char *result, const char *error) {
        const char *path, *job, *given, *text;
        uint32_t id, wanted;

        job_of(reply, &wanted, &job);
        for (;;) {
                _cleanup_reply_ DBusMessage *m = client_signal(c, MANAGER_PATH, "JobRemoved");

                assert_true(dbus_message_get_args(m, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_OBJECT_PATH,
                                                  &path, DBUS_TYPE_STRING, &given, DBUS_TYPE_STRING, &text,
                                                  DBUS_TYPE_INVALID));
                if (id != wanted) {
                        continue;
                }
                assert_string_equal(path, job);
                if (strcmp(given, result) != 0 || (error && !strstr(text, error))) {
                        fail_msg("%s (%s) was expected, not %s: %s", result, error ? error : "", given,
                                 text);
                }
                return;
        }
}

DBusMessage *begin_create(Client *c, const char *name, const char *extra_key, const char *extra_value) {
        Pair settings[] = {
                { "Image", 's', "img", 0 },
                { "Profile", 's', "plain", 0 },
                { "Namespace.Backend", 's', "null", 0 },
                { "Cgroup.Backend", 's', "null", 0 },
                { "Storage.Backend", 's', "null", 0 },
                { "Network.Backend", 's', "null", 0 },
                { extra_key, 's', extra_value, 0 },
                { NULL },
        };

        return client_call(c, MANAGER_PATH, MANAGER, "CreateTenant", "sD", name, settings);
}

void create_tenant(Client *c, const char *name) {
        _cleanup_reply_ DBusMessage *reply = begin_create(c, name, NULL, NULL);

        expect_job(c, reply, "done", NULL);
}

char *get_text(Client *c, const char *path, const char *interface, const char *property) {
        _cleanup_reply_ DBusMessage *m =
                client_call(c, path, "org.freedesktop.DBus.Properties", "Get", "ss", interface, property);
        DBusMessageIter i, v;
        char *text = NULL;

        expect_reply(m);
        dbus_message_iter_init(m, &i);
        dbus_message_iter_recurse(&i, &v);
        if (dbus_message_iter_get_arg_type(&v) == DBUS_TYPE_STRING) {
                const char *s;

                dbus_message_iter_get_basic(&v, &s);
                text = strdup(s);
        } else {
                uint32_t n;

                assert_int_equal(dbus_message_iter_get_arg_type(&v), DBUS_TYPE_UINT32);
                dbus_message_iter_get_basic(&v, &n);
                assert_true(asprintf(&text, "%u", n) > 0);
        }
        assert_non_null(text);
        return text;
}

DBusMessage *begin_endless_import(Client *c, const char *name, int *ret_fd) {
        DBusMessage *reply;
        int ends[2];

        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        reply = client_call(c, MANAGER_PATH, MANAGER, "ImportImage", "sHD", name, ends[0], NULL);
        close(ends[0]);
        *ret_fd = ends[1];
        return reply;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* scene.c: see scene.h. A type of argument that is new in dbus/ fails here until it is known. Owned by tests/bus. */
#include "scene.h"
#include <dirent.h>
#include <stdio.h>

#define INTERFACES_MAX 16

static DBusMessage *new_call(const char *path, const Member *m) {
        DBusMessage *message = dbus_message_new_method_call("org.tenantd1", path, m->interface, m->name);
        DBusMessageIter i, d, e, v;
        const char *name = "acme", *key = "bogus", *text = "/nonexistent", *program = "true";
        int32_t signo = 15;

        dbus_message_iter_init_append(message, &i);
        for (const char *t = m->in; *t; t++) {
                if (strncmp(t, "a{sv}", 5) == 0) {
                        dbus_message_iter_open_container(&i, DBUS_TYPE_ARRAY, "{sv}", &d);
                        dbus_message_iter_open_container(&d, DBUS_TYPE_DICT_ENTRY, NULL, &e);
                        dbus_message_iter_append_basic(&e, DBUS_TYPE_STRING, &key);
                        dbus_message_iter_open_container(&e, DBUS_TYPE_VARIANT, "s", &v);
                        dbus_message_iter_append_basic(&v, DBUS_TYPE_STRING, &text);
                        dbus_message_iter_close_container(&e, &v);
                        dbus_message_iter_close_container(&d, &e);
                        dbus_message_iter_close_container(&i, &d);
                        t += 4;
                } else if (strncmp(t, "as", 2) == 0) {
                        dbus_message_iter_open_container(&i, DBUS_TYPE_ARRAY, "s", &d);
                        dbus_message_iter_append_basic(&d, DBUS_TYPE_STRING, &program);
                        dbus_message_iter_close_container(&i, &d);
                        t++;
                } else if (*t == 'v') {
                        dbus_message_iter_open_container(&i, DBUS_TYPE_VARIANT, "s", &v);
                        dbus_message_iter_append_basic(&v, DBUS_TYPE_STRING, &text);
                        dbus_message_iter_close_container(&i, &v);
                } else if (*t == 'i') {
                        dbus_message_iter_append_basic(&i, DBUS_TYPE_INT32, &signo);
                } else {
                        assert_int_equal(*t, 's');
                        dbus_message_iter_append_basic(&i, DBUS_TYPE_STRING, &name);
                }
        }
        return message;
}

static DBusMessage *new_get(const char *path, const Member *m) {
        const char *interface = m->interface, *name = m->name;
        DBusMessage *message =
                dbus_message_new_method_call("org.tenantd1", path, "org.freedesktop.DBus.Properties", "Get");

        dbus_message_append_args(message, DBUS_TYPE_STRING, &interface, DBUS_TYPE_STRING, &name,
                                 DBUS_TYPE_INVALID);
        return message;
}

uint32_t scene_send(Client *c, const Scene *s, const Member *m) {
        const char *path = scene_path(s, m->interface);
        _cleanup_reply_ DBusMessage *message = m->is_method ? new_call(path, m) : new_get(path, m);
        uint32_t serial;

        assert_true(dbus_connection_send(c->connection, message, &serial));
        dbus_connection_flush(c->connection);
        return serial;
}

DBusMessage *scene_call(Client *c, const Scene *s, const Member *m) {
        return client_reply(c, scene_send(c, s, m));
}

const char *scene_path(const Scene *s, const char *interface) {
        static const struct {
                const char *interface;
                const char *path;
        } paths[] = {
                { MANAGER, MANAGER_PATH },
                { TENANT, ACME },
                { "org.tenantd1.Docker", ACME },
                { "org.tenantd1.Image", "/org/tenantd1/image/img" },
                { "org.tenantd1.Backend", "/org/tenantd1/backend/storage_null" },
        };

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                if (strcmp(paths[i].interface, interface) == 0) {
                        return paths[i].path;
                }
        }
        if (strcmp(interface, JOB) != 0) {
                fail_msg("where is %s? add it to scene_path()", interface);
        }
        return s->job;
}

static DBusMessage *call_polkit(Scene *s, const char *member, const char *text) {
        DBusMessage *m = dbus_message_new_method_call("org.freedesktop.PolicyKit1",
                                                      "/org/freedesktop/PolicyKit1/Authority",
                                                      "org.tenantd1.Test", member);
        DBusMessage *reply;

        if (text) {
                dbus_message_append_args(m, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
        }
        reply = client_exchange(s->root, m);
        dbus_message_unref(m);
        expect_reply(reply);
        return reply;
}

void polkit_mode(Scene *s, const char *mode) {
        dbus_message_unref(call_polkit(s, "Mode", mode));
}

char *polkit_asked(Scene *s) {
        _cleanup_reply_ DBusMessage *reply = call_polkit(s, "Asked", NULL);
        const char *text;

        assert_true(dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID));
        return strdup(text);
}

static uint32_t polkit_number(Scene *s, const char *member) {
        _cleanup_reply_ DBusMessage *reply = call_polkit(s, member, NULL);
        uint32_t n;

        assert_true(dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, &n, DBUS_TYPE_INVALID));
        return n;
}

uint32_t polkit_count(Scene *s) {
        return polkit_number(s, "Count");
}

uint32_t polkit_hanging(Scene *s) {
        return polkit_number(s, "Hanging");
}

static void begin_job(Scene *s) {
        _cleanup_reply_ DBusMessage *reply = begin_endless_import(s->root, "busy", &s->job_fd);
        const char *path;
        uint32_t id;

        job_of(reply, &id, &path);
        snprintf(s->job, sizeof(s->job), "%s", path);
}

Scene scene_open(World *w, bool polkit) {
        Scene s = { .w = w, .root = client_open(w, 0), .user = client_open(w, NOBODY) };
        _cleanup_reply_ DBusMessage *reply = NULL;

        if (polkit) {
                start_polkit(w);
        }
        reply = begin_create(s.root, "acme", "Docker.Enabled", "yes");
        expect_job(s.root, reply, "done", NULL);
        begin_job(&s);
        return s;
}

void scene_close(Scene *s) {
        close(s->job_fd);
        (void) client_close(s->root); /* return NULL */
        (void) client_close(s->user);
}

/* NAME of each org.tenantd1.NAME.xml. */
static size_t list_interfaces(char names[static INTERFACES_MAX][64]) {
        _cleanup_closedir_ DIR *dir = opendir(getenv("DBUS_DIRECTORY"));
        size_t n = 0;

        assert_non_null(dir);
        for (struct dirent *e; (e = readdir(dir));) {
                size_t length = strlen(e->d_name);

                if (length > 4 && strcmp(e->d_name + length - 4, ".xml") == 0) {
                        assert_true(n < INTERFACES_MAX && strncmp(e->d_name, "org.tenantd1.", 13) == 0);
                        snprintf(names[n++], 64, "%.*s", (int) length - 17, e->d_name + 13);
                }
        }
        return n;
}

void scene_each(Scene *s, bool properties, void (*test)(Scene *, const Member *)) {
        char names[INTERFACES_MAX][64];
        size_t n = list_interfaces(names), done = 0;
        Contract *c = calloc(1, sizeof(*c));

        assert_non_null(c);
        for (size_t i = 0; i < n; i++) {
                contract_load(names[i], c);
                for (size_t j = 0; j < c->n; j++) {
                        if (c->members[j].is_method || (properties && c->members[j].is_property)) {
                                test(s, &c->members[j]);
                                done++;
                        }
                }
        }
        assert_true(done >= 20); /* the loop did not run empty */
        free(c);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-authorization.c: every method of dbus/ that there is: who may call it. Generated from the XML, so that a new method is
 * tested as soon as it is there.
 */
#include "client.h"
#include "contract.h"
#include "io.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

#define DENIED "org.freedesktop.DBus.Error.AccessDenied"

static const char *const interfaces[] = { "Manager", "Tenant", "Docker", "Job" };

typedef struct Scene {
        World *w;
        Client *root;
        Client *user;
        char job[64]; /* an endless import, of manage-images */
        int job_fd;
} Scene;

static const Pair unknown_option[] = { { "bogus", 's', "x", 0 }, { NULL } };
static char *const argv_true[] = { (char *) "true", NULL };

/*
 * A call with arguments of the right types. Each dictionary has an unknown key, so that a call that is let through does
 * nothing but say so.
 */
static uint32_t send_generated(Client *c, const char *path, const Member *m) {
        DBusMessage *message = dbus_message_new_method_call("org.tenantd1", path, m->interface, m->name);
        DBusMessageIter i, d, e, v;
        const char *name = "acme", *key = unknown_option[0].key, *text = "/nonexistent";
        int32_t signo = 15;
        uint32_t serial;

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
                        dbus_message_iter_append_basic(&d, DBUS_TYPE_STRING, &argv_true[0]);
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
        assert_true(dbus_connection_send(c->connection, message, &serial));
        dbus_connection_flush(c->connection);
        dbus_message_unref(message);
        return serial;
}

static const char *path_of(const Scene *s, const Member *m) {
        return strcmp(m->interface, MANAGER) == 0 ? MANAGER_PATH
               : strcmp(m->interface, JOB) == 0   ? s->job
                                                  : ACME;
}

static void polkit_mode(Scene *s, const char *mode) {
        DBusMessage *m = dbus_message_new_method_call("org.freedesktop.PolicyKit1",
                                                      "/org/freedesktop/PolicyKit1/Authority",
                                                      "org.tenantd1.Test", "Mode");
        _cleanup_reply_ DBusMessage *reply = NULL;

        dbus_message_append_args(m, DBUS_TYPE_STRING, &mode, DBUS_TYPE_INVALID);
        reply = client_exchange(s->root, m);
        dbus_message_unref(m);
        expect_reply(reply);
}

static char *polkit_asked(Scene *s) {
        DBusMessage *m = dbus_message_new_method_call("org.freedesktop.PolicyKit1",
                                                      "/org/freedesktop/PolicyKit1/Authority",
                                                      "org.tenantd1.Test", "Asked");
        _cleanup_reply_ DBusMessage *reply = client_exchange(s->root, m);
        const char *text;

        dbus_message_unref(m);
        assert_true(dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID));
        return strdup(text);
}

static void begin_job(Scene *s) {
        _cleanup_reply_ DBusMessage *reply = begin_endless_import(s->root, "busy", &s->job_fd);
        const char *path;
        uint32_t id;

        job_of(reply, &id, &path);
        snprintf(s->job, sizeof(s->job), "%s", path);
}

static void each_method(Scene *s, void (*test)(Scene *, const Member *)) {
        Contract *c = calloc(1, sizeof(*c));
        size_t n = 0;

        assert_non_null(c);
        for (size_t i = 0; i < ELEMENTSOF(interfaces); i++) {
                contract_load(interfaces[i], c);
                for (size_t j = 0; j < c->n; j++) {
                        if (c->members[j].is_method) {
                                test(s, &c->members[j]);
                                n++;
                        }
                }
        }
        assert_true(n >= 20); /* the loop did not run empty */
        free(c);
}

static Scene open_scene(World *w, bool polkit) {
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

static void close_scene(Scene *s) {
        close(s->job_fd);
        (void) client_close(s->root); /* return NULL */
        (void) client_close(s->user);
}

static DBusMessage *call_generated(Client *c, Scene *s, const Member *m) {
        return client_reply(c, send_generated(c, path_of(s, m), m));
}

static void expect_denied(Scene *s, const Member *m) {
        _cleanup_reply_ DBusMessage *reply = call_generated(s->user, s, m);

        expect_error(reply, DENIED, "");
}

static void expect_denied_without_polkit(Scene *s, const Member *m) {
        _cleanup_reply_ DBusMessage *reply = call_generated(s->user, s, m);

        expect_error(reply, DENIED, "Only root");
}

static void expect_asked(Scene *s, const Member *m) {
        _cleanup_free_ char *asked = NULL;
        char action[128], verb[128];

        polkit_mode(s, "no");
        expect_denied(s, m);
        asked = polkit_asked(s);
        snprintf(action, sizeof(action), "org.tenantd1.%s system-bus-name",
                 strcmp(m->action, "of-job") == 0 ? "manage-images" : m->action);
        snprintf(verb, sizeof(verb), "verb=%s", m->name);
        assert_int_equal(strncmp(asked, action, strlen(action)), 0);
        assert_non_null(strstr(asked, verb));
        assert_non_null(strstr(asked, "flags=0"));
        if (strcmp(m->interface, TENANT) == 0) {
                assert_non_null(strstr(asked, "tenant=acme"));
                assert_non_null(strstr(asked, "backends=null null null null"));
        }
}

static void expect_challenge(Scene *s, const Member *m) {
        _cleanup_reply_ DBusMessage *reply = call_generated(s->user, s, m);

        expect_error(reply, "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", "");
}

/* Let through: whatever it is that comes, it is not polkit's no. */
static void expect_let_through(Client *c, Scene *s, const Member *m) {
        _cleanup_reply_ DBusMessage *reply = call_generated(c, s, m);
        const char *error = dbus_message_get_error_name(reply);

        if (error && strcmp(m->in, "") != 0 && strcmp(error, "org.tenantd1.Error.TenantExists") != 0 &&
            strcmp(error, "org.tenantd1.Error.InvalidSetting") != 0) {
                fail_msg("%s: %s", m->name, error);
        }
        assert_true(!error || strncmp(error, "org.tenantd1.Error.", 19) == 0);
}

static void expect_user_let_through(Scene *s, const Member *m) {
        expect_let_through(s->user, s, m);
}

static void expect_root_let_through(Scene *s, const Member *m) {
        expect_let_through(s->root, s, m);
}

static void test_no_polkit(void **state) {
        Scene s = open_scene(*state, false);

        each_method(&s, expect_denied_without_polkit);
        each_method(&s, expect_root_let_through);
        close_scene(&s);
}

static void test_polkit_says_no(void **state) {
        Scene s = open_scene(*state, true);

        each_method(&s, expect_asked);
        polkit_mode(&s, "challenge");
        each_method(&s, expect_challenge);
        close_scene(&s);
}

static void test_polkit_says_yes(void **state) {
        Scene s = open_scene(*state, true);

        polkit_mode(&s, "yes");
        each_method(&s, expect_user_let_through);
        close_scene(&s);
}

/* root is never held up by somebody else's open question, nor asked about. */
static void test_polkit_hangs(void **state) {
        Scene s = open_scene(*state, true);
        _cleanup_reply_ DBusMessage *list = NULL, *busy = NULL, *late = NULL;
        uint32_t first, last = 0;

        polkit_mode(&s, "hang");
        first = client_send(s.user, ACME, TENANT, "Stop", "D", NULL);
        list = client_call(s.root, MANAGER_PATH, MANAGER, "ListTenants", "");
        expect_reply(list);
        for (int i = 0; i < 16; i++) {
                last = client_send(s.user, ACME, TENANT, "GetUsage", "");
        }
        busy = client_reply(s.user, last); /* the 17th open question of one user */
        expect_error(busy, "Busy", "authorization");
        polkit_mode(&s, "yes");
        late = client_call(s.user, MANAGER_PATH, MANAGER, "ListTenants", "");
        expect_reply(late);
        assert_true(first > 0);
        close_scene(&s);
}

/* A yes for one tenant is not a yes for another one that has its name by then. */
static void test_object_replaced_meanwhile(void **state) {
        Scene s = open_scene(*state, true);
        _cleanup_reply_ DBusMessage *removed = NULL, *reply = NULL;
        uint32_t serial;

        polkit_mode(&s, "hang");
        serial = client_send(s.user, ACME, TENANT, "Start", "D", NULL);
        wait_until(({
                _cleanup_free_ char *asked = polkit_asked(&s);

                strstr(asked, "verb=Start") != NULL;
        }));
        removed = client_call(s.root, MANAGER_PATH, MANAGER, "RemoveTenant", "sD", "acme", NULL);
        expect_job(s.root, removed, "done", NULL);
        create_tenant(s.root, "acme");
        polkit_mode(&s, "yes");
        reply = client_reply(s.user, serial);
        expect_error(reply, "Busy", "changed");
        close_scene(&s);
}

static void test_interactive_flag(void **state) {
        Scene s = open_scene(*state, true);
        DBusMessage *m = dbus_message_new_method_call("org.tenantd1", MANAGER_PATH, MANAGER, "ListTenants");
        _cleanup_reply_ DBusMessage *reply = NULL;
        _cleanup_free_ char *asked = NULL;

        polkit_mode(&s, "no");
        dbus_message_set_allow_interactive_authorization(m, TRUE);
        reply = client_exchange(s.user, m);
        dbus_message_unref(m);
        expect_error(reply, DENIED, "");
        asked = polkit_asked(&s);
        assert_non_null(strstr(asked, "flags=1"));
        close_scene(&s);
}

/* One user cannot use up all jobs. */
static void test_limit_of_one_user(void **state) {
        Scene s = open_scene(*state, true);
        int fds[17];
        char name[32];

        polkit_mode(&s, "yes");
        for (int i = 0; i < 17; i++) {
                _cleanup_reply_ DBusMessage *reply = NULL;

                snprintf(name, sizeof(name), "image-%d", i);
                reply = begin_endless_import(s.user, name, &fds[i]);
                if (i < 16) {
                        expect_reply(reply);
                } else {
                        expect_error(reply, "Busy", "16 jobs of yours");
                }
        }
        for (int i = 0; i < 17; i++) {
                close(fds[i]);
        }
        close_scene(&s);
}

/* The shipped policy: only root may be the service. */
static void test_only_root_owns_the_name(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, NOBODY);
        DBusError error = DBUS_ERROR_INIT;

        (void) end_process(&w->agent, SIGTERM); /* its status is not the question */
        assert_int_equal(
                dbus_bus_request_name(c->connection, "org.tenantd1", DBUS_NAME_FLAG_DO_NOT_QUEUE, &error),
                -1);
        assert_string_equal(error.name, DENIED);
        dbus_error_free(&error);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                WORLD_TEST(test_no_polkit),
                WORLD_TEST(test_polkit_says_no),
                WORLD_TEST(test_polkit_says_yes),
                WORLD_TEST(test_polkit_hangs),
                WORLD_TEST(test_object_replaced_meanwhile),
                WORLD_TEST(test_interactive_flag),
                WORLD_TEST(test_limit_of_one_user),
                WORLD_TEST(test_only_root_owns_the_name),
        };

        return run_world_tests(tests);
}

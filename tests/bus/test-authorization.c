/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-authorization.c: every method of dbus/ that there is: who may call it. Generated from the XML, so that a new method is
 * tested as soon as it is there.
 */
#include "scene.h"
#include <signal.h>
#include <stdio.h>

static void expect_denied(Scene *s, const Member *m) {
        _cleanup_reply_ DBusMessage *reply = scene_call(s->user, s, m);

        expect_error(reply, DENIED, "");
}

static void expect_denied_without_polkit(Scene *s, const Member *m) {
        _cleanup_reply_ DBusMessage *reply = scene_call(s->user, s, m);

        expect_error(reply, DENIED, "Only root");
}

static void expect_asked(Scene *s, const Member *m) {
        _cleanup_free_ char *asked = NULL;
        char action[128], verb[128];

        polkit_mode(s, "no");
        expect_denied(s, m);
        asked = polkit_asked(s);
        snprintf(action, sizeof(action), "org.tenantd1.%s system-bus-name %s ",
                 strcmp(m->action, "of-job") == 0 ? "manage-images" : m->action,
                 dbus_bus_get_unique_name(s->user->connection));
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
        _cleanup_reply_ DBusMessage *reply = scene_call(s->user, s, m);

        expect_error(reply, "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", "");
}

/* Let through: whatever it is that comes, it is not polkit's no. */
static void expect_let_through(Client *c, Scene *s, const Member *m) {
        _cleanup_reply_ DBusMessage *reply = scene_call(c, s, m);
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
        Scene s = scene_open(*state, false);

        scene_each(&s, false, expect_denied_without_polkit);
        scene_each(&s, false, expect_root_let_through);
        scene_close(&s);
}

static void test_polkit_says_no(void **state) {
        Scene s = scene_open(*state, true);

        scene_each(&s, false, expect_asked);
        polkit_mode(&s, "challenge");
        scene_each(&s, false, expect_challenge);
        scene_close(&s);
}

static void test_polkit_says_yes(void **state) {
        Scene s = scene_open(*state, true);

        polkit_mode(&s, "yes");
        scene_each(&s, false, expect_user_let_through);
        scene_close(&s);
}

/* root is never held up by somebody else's open question, nor asked about. */
static void test_polkit_hangs(void **state) {
        Scene s = scene_open(*state, true);
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
        scene_close(&s);
}

/* A yes for one tenant is not a yes for another one that has its name by then. */
static void test_object_replaced_meanwhile(void **state) {
        Scene s = scene_open(*state, true);
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
        scene_close(&s);
}

static void test_interactive_flag(void **state) {
        Scene s = scene_open(*state, true);
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
        scene_close(&s);
}

/* Begins an import. Who has used up his share of the agent's time (with sanitizers a few calls do) tries again, as he is told to. */
static DBusMessage *begin_when_allowed(Client *c, const char *name, int *ret_fd) {
        for (;;) {
                DBusMessage *reply = begin_endless_import(c, name, ret_fd);
                const char *text = "";

                if (!dbus_message_get_error_name(reply) ||
                    !dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID) ||
                    !strstr(text, "try again in a moment")) {
                        return reply;
                }
                dbus_message_unref(reply);
                close(*ret_fd);
                nap();
        }
}

/* One user cannot use up all jobs. */
static void test_limit_of_one_user(void **state) {
        Scene s = scene_open(*state, true);
        _cleanup_client_ Client *importer = client_open(s.w, WORLD_OPERATOR); /* may hand over descriptors */
        int fds[17];
        char name[32];

        polkit_mode(&s, "yes");
        for (int i = 0; i < 17; i++) {
                _cleanup_reply_ DBusMessage *reply = NULL;

                snprintf(name, sizeof(name), "image-%d", i);
                reply = begin_when_allowed(importer, name, &fds[i]);
                if (i < 16) {
                        expect_reply(reply);
                } else {
                        expect_error(reply, "Busy", "16 jobs of yours");
                }
        }
        for (int i = 0; i < 17; i++) {
                close(fds[i]);
        }
        scene_close(&s);
}

/* The shipped policy: only root may be the service. */
static void test_only_root_owns_the_name(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, NOBODY);
        DBusError error = DBUS_ERROR_INIT;

        assert_int_equal(end_process(&w->agent, SIGTERM), 0);
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

        return world_add_users() ? run_world_tests(tests) : 77;
}

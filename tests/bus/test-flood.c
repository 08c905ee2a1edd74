/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-flood.c: ordinary users send calls as fast as the bus takes them, and read no reply, while root creates, starts and
 * stops a tenant: root is answered, the start is done, and the agent's memory stays bounded.
 */
#include "raw.h"
#include "scene.h"
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

#define FLOODERS 2
#define CONNECTIONS 4
#define MEMORY_MAX_KIB (256u * 1024)

typedef struct Flood {
        const char *path;
        const char *interface;
        const char *member;
        size_t padding; /* bytes of an option's value; 0: a call without arguments */
        const char *mode; /* of polkit */
} Flood;

static DBusMessage *call_of(const Flood *f) {
        DBusMessage *m = dbus_message_new_method_call("org.tenantd1", f->path, f->interface, f->member);
        _cleanup_free_ char *text = calloc(1, f->padding + 1);
        const char *value = memset(text, 'x', f->padding), *key = "x-padding";
        DBusMessageIter i, d, e, v;

        dbus_message_set_no_reply(m, TRUE);
        if (f->padding == 0) {
                return m;
        }
        dbus_message_iter_init_append(m, &i);
        dbus_message_iter_open_container(&i, DBUS_TYPE_ARRAY, "{sv}", &d);
        dbus_message_iter_open_container(&d, DBUS_TYPE_DICT_ENTRY, NULL, &e);
        dbus_message_iter_append_basic(&e, DBUS_TYPE_STRING, &key);
        dbus_message_iter_open_container(&e, DBUS_TYPE_VARIANT, "s", &v);
        dbus_message_iter_append_basic(&v, DBUS_TYPE_STRING, &value);
        dbus_message_iter_close_container(&e, &v);
        dbus_message_iter_close_container(&d, &e);
        dbus_message_iter_close_container(&i, &d);
        return m;
}

/* Never returns. */
static void flood(World *w, uid_t uid, const Flood *f) {
        Raw *r[CONNECTIONS];
        DBusMessage *m = call_of(f);
        size_t size = 0;
        char *bytes = NULL;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (int i = 0; i < CONNECTIONS; i++) {
                r[i] = raw_open_as(w, uid);
                bytes = r[i] ? raw_marshal(r[i], m, &size) : NULL;
        }
        for (unsigned n = 0; bytes; n++) {
                bytes = raw_write(r[n % CONNECTIONS], bytes, size, 60000) ? bytes : NULL;
        }
        _exit(EXIT_FAILURE);
}

/* The bus itself bounds what waits for a service, and refuses more from anybody: then root, too, has to try again. */
static bool is_refused_by_the_bus(DBusMessage *reply) {
        const char *error = dbus_message_get_error_name(reply);

        return error && (strcmp(error, "org.freedesktop.DBus.Error.LimitsExceeded") == 0 ||
                         strcmp(error, "org.tenantd1.Error.Busy") == 0);
}

#define patiently(call)                                                                                     \
        ({                                                                                                  \
                DBusMessage *reply_ = call;                                                                 \
                                                                                                            \
                while (is_refused_by_the_bus(reply_)) {                                                     \
                        dbus_message_unref(reply_);                                                         \
                        nap();                                                                              \
                        reply_ = call;                                                                      \
                }                                                                                           \
                reply_;                                                                                     \
        })

static void work_as_root(Client *c, unsigned round) {
        _cleanup_reply_ DBusMessage *create = NULL, *start = NULL, *stop = NULL, *list = NULL,
                                    *removed = NULL;
        char name[32], path[64];

        snprintf(name, sizeof(name), "work%u", round);
        snprintf(path, sizeof(path), "/org/tenantd1/tenant/%s", name);
        create = patiently(begin_create(c, name, NULL, NULL));
        expect_job(c, create, "done", "");
        start = patiently(client_call(c, path, TENANT, "Start", "D", NULL));
        expect_job(c, start, "done", "");
        list = patiently(client_call(c, MANAGER_PATH, MANAGER, "ListTenants", ""));
        expect_reply(list);
        stop = patiently(client_call(c, path, TENANT, "Stop", "D", NULL));
        expect_job(c, stop, "done", "");
        removed = patiently(client_call(c, MANAGER_PATH, MANAGER, "RemoveTenant", "sD", name, NULL));
        expect_job(c, removed, "done", "");
}

/* A caller whom the agent has not seen before. */
static void work_as_newcomer(World *w, unsigned round) {
        _cleanup_client_ Client *c = client_open(w, 0);

        work_as_root(c, round);
}

static void bear(World *w, const Flood *f) {
        Scene s = scene_open(w, true);
        pid_t flooders[FLOODERS];
        unsigned most = 0;

        polkit_mode(&s, f->mode);
        for (int i = 0; i < FLOODERS; i++) {
                flooders[i] = fork();
                assert_true(flooders[i] >= 0);
                if (flooders[i] == 0) {
                        flood(w, i % 2 ? 1 : NOBODY, f); /* users that /etc/passwd knows */
                }
        }
        for (unsigned round = 0; round < 2; round++) {
                unsigned now;

                work_as_newcomer(w, round);
                now = memory_kib(w->agent);
                most = now > most ? now : most;
        }
        for (int i = 0; i < FLOODERS; i++) {
                assert_int_equal(end_process(&flooders[i], SIGKILL), 128 + SIGKILL); /* flooded until then */
        }
        work_as_root(s.root, 9);
        printf("# %s: at most %u KiB\n", f->member, most);
        assert_in_range(most, 1, MEMORY_MAX_KIB);
        scene_close(&s);
        assert_int_equal(end_process(&w->agent, SIGTERM), 0);
}

static void test_questions(void **state) {
        bear(*state, &(Flood){ ACME, TENANT, "GetUsage", 0, "hang" });
}

static void test_answers(void **state) {
        bear(*state, &(Flood){ ACME, TENANT, "GetUsage", 0, "yes" });
}

static void test_workers(void **state) {
        bear(*state, &(Flood){ MANAGER_PATH, MANAGER, "CheckHost", 0, "yes" });
}

static void test_properties(void **state) {
        bear(*state,
             &(Flood){ MANAGER_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", 0, "yes" });
}

static void test_large(void **state) {
        bear(*state, &(Flood){ ACME, TENANT, "Start", 3u << 19, "hang" });
}

static void test_wrong(void **state) {
        bear(*state, &(Flood){ "/org/tenantd1/tenant/other", TENANT, "Nonsense", 100, "no" });
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                WORLD_TEST(test_questions),  WORLD_TEST(test_answers), WORLD_TEST(test_workers),
                WORLD_TEST(test_properties), WORLD_TEST(test_large),   WORLD_TEST(test_wrong),
        };

        return run_world_tests(tests);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-tenants.c: tenants over the bus, from creation to removal, and everything that is refused on the way. */
#include "client.h"
#include "contract.h"
#include "io.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

static DBusMessage *tenant_call(Client *c, const char *member) {
        return client_call(c, ACME, TENANT, member, "D", NULL);
}

/* True when a list's first column has the name. */
static bool is_listed(Client *c, const char *list, const char *name) {
        _cleanup_reply_ DBusMessage *reply = client_call(c, MANAGER_PATH, MANAGER, list, "");
        DBusMessageIter i, a, s;
        bool found = false;

        expect_reply(reply);
        dbus_message_iter_init(reply, &i);
        dbus_message_iter_recurse(&i, &a);
        for (; dbus_message_iter_get_arg_type(&a) == DBUS_TYPE_STRUCT; dbus_message_iter_next(&a)) {
                const char *given;

                dbus_message_iter_recurse(&a, &s);
                dbus_message_iter_get_basic(&s, &given);
                found |= strcmp(given, name) == 0;
        }
        return found;
}

static void expect_state(Client *c, const char *wanted) {
        _cleanup_free_ char *state = get_text(c, ACME, TENANT, "State");

        assert_string_equal(state, wanted);
}

static void test_whole_life(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_reply_ DBusMessage *start = NULL, *again = NULL, *stop = NULL, *stop_again = NULL,
                                    *remove = NULL, *gone = NULL, *path = NULL, *running = NULL;
        const char *object;

        create_tenant(c, "acme");
        assert_true(client_has_signal(c, MANAGER_PATH, "InterfacesAdded"));
        assert_true(is_listed(c, "ListTenants", "acme"));
        path = client_call(c, MANAGER_PATH, MANAGER, "GetTenant", "s", "acme");
        assert_true(dbus_message_get_args(path, NULL, DBUS_TYPE_OBJECT_PATH, &object, DBUS_TYPE_INVALID));
        assert_string_equal(object, ACME);
        expect_state(c, "stopped");
        start = tenant_call(c, "Start");
        expect_job(c, start, "done", "");
        expect_state(c, "running");
        again = tenant_call(c, "Start");
        expect_error(again, "Running", "acme");
        running = client_call(c, MANAGER_PATH, MANAGER, "RemoveTenant", "sD", "acme", NULL);
        expect_error(running, "Running", "force");
        stop = tenant_call(c, "Stop");
        expect_job(c, stop, "done", "");
        expect_state(c, "stopped");
        stop_again = tenant_call(c, "Stop");
        expect_error(stop_again, "NotRunning", "acme");
        remove = client_call(c, MANAGER_PATH, MANAGER, "RemoveTenant", "sD", "acme", NULL);
        expect_job(c, remove, "done", "");
        assert_false(is_listed(c, "ListTenants", "acme"));
        gone = tenant_call(c, "Start");
        expect_error(gone, "org.freedesktop.DBus.Error.UnknownObject", "");
        assert_false(world_has(w, "etc/tenantd/tenants/acme.conf"));
        assert_false(world_has(w, "var/lib/tenantd/tenants/acme"));
}

static void test_remove_with_force(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_reply_ DBusMessage *start = NULL, *remove = NULL;
        const Pair force[] = { { "force", 'b', NULL, 1 }, { NULL } };

        create_tenant(c, "acme");
        start = tenant_call(c, "Start");
        expect_job(c, start, "done", "");
        remove = client_call(c, MANAGER_PATH, MANAGER, "RemoveTenant", "sD", "acme", force);
        expect_job(c, remove, "done", "");
        assert_false(is_listed(c, "ListTenants", "acme"));
}

/* systemd gave up before the runner ran: what an earlier start left is no answer. */
static void test_start_refused_by_systemd(void **state) {
        _cleanup_client_ Client *c = client_open(*state, 0);
        _cleanup_reply_ DBusMessage *start = NULL;
        const char *stale;
        FILE *f;

        create_tenant(c, "refused");
        assert_int_equal(mkdir(world_path(*state, "run/tenantd/refused"), 0711) < 0 && errno != EEXIST, 0);
        stale = world_path(*state, "run/tenantd/refused/error");
        f = fopen(stale, "we");
        assert_non_null(f);
        fputs("NoSpace: of last week\n", f);
        fclose(f);
        start = client_call(c, "/org/tenantd1/tenant/refused", TENANT, "Start", "D", NULL);
        expect_job(c, start, "failed", "HostNotReady: A unit that tenant@refused needs failed");
}

static void test_start_that_fails_says_why(void **state) {
        _cleanup_client_ Client *c = client_open(*state, 0);
        _cleanup_reply_ DBusMessage *start = NULL;
        _cleanup_free_ char *now = NULL;

        create_tenant(c, "failing");
        start = client_call(c, "/org/tenantd1/tenant/failing", TENANT, "Start", "D", NULL);
        expect_job(c, start, "failed", "HostNotReady: the module overlay is missing");
        now = get_text(c, "/org/tenantd1/tenant/failing", TENANT, "State");
        assert_string_equal(now, "failed");
}

static void test_creation_twice(void **state) {
        _cleanup_client_ Client *c = client_open(*state, 0);
        _cleanup_reply_ DBusMessage *again = NULL;

        create_tenant(c, "acme");
        again = begin_create(c, "acme", NULL, NULL);
        expect_error(again, "TenantExists", "acme");
}

/* The lock of allocations, as agent/tenant takes it, held by the test: a creation waits in its worker. */
static int hold_allocations(World *w) {
        int fd = open(world_path(w, "var/lib/tenantd/tenants/.lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(flock(fd, LOCK_EX), 0);
        return fd;
}

static void test_two_creations_at_once(void **state) {
        World *w = *state;
        _cleanup_client_ Client *one = client_open(w, 0), *two = client_open(w, 0);
        _cleanup_reply_ DBusMessage *first = NULL, *second = NULL;
        int fd;

        create_tenant(one, "other"); /* so that the directory is there */
        fd = hold_allocations(w);
        first = begin_create(one, "acme", NULL, NULL);
        second = begin_create(two, "acme", NULL, NULL);
        expect_error(second, "TenantExists", "being created");
        close(fd);
        expect_job(one, first, "done", "");
}

/* Nothing but the name is wrong. */
static DBusMessage *call_by_name(Client *c, const Member *m, const char *name) {
        _cleanup_reply_ DBusMessage *call =
                dbus_message_new_method_call("org.tenantd1", MANAGER_PATH, MANAGER, m->name);
        const char *suite = "bookworm", *path = "/nonexistent";
        DBusMessageIter i, inner;

        assert_non_null(call);
        dbus_message_iter_init_append(call, &i);
        dbus_message_iter_append_basic(&i, DBUS_TYPE_STRING, &name);
        for (const char *t = m->in + 1; *t; t++) {
                if (*t == 's') {
                        dbus_message_iter_append_basic(&i, DBUS_TYPE_STRING, &suite);
                } else if (*t == 'v') {
                        dbus_message_iter_open_container(&i, DBUS_TYPE_VARIANT, "s", &inner);
                        dbus_message_iter_append_basic(&inner, DBUS_TYPE_STRING, &path);
                        dbus_message_iter_close_container(&i, &inner);
                } else {
                        assert_string_equal(t, "a{sv}");
                        dbus_message_iter_open_container(&i, DBUS_TYPE_ARRAY, "{sv}", &inner);
                        dbus_message_iter_close_container(&i, &inner);
                        break;
                }
        }
        return client_exchange(c, call);
}

/* Every method of dbus/ that takes a name. */
static void test_bad_names(void **state) {
        static const char *const names[] = {
                "",     "Acme",
                "a_b",  "-a",
                "a-",   "../x",
                "a/b",  "1a",
                "host", "a2345678901234567890123456789012345678901234567890123456789012345"
        };
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_free_ Contract *manager = calloc(1, sizeof(*manager));
        unsigned methods = 0;
        uint64_t before;

        wait_for_no_worker(w->agent); /* the recovery of the start, which has locks to make */
        before = world_digest(w);
        contract_load("Manager", manager);
        for (size_t i = 0; i < manager->n; i++) {
                const Member *m = &manager->members[i];

                for (size_t k = 0; strstr(m->text, " <name:s") && k < ELEMENTSOF(names); k++) {
                        _cleanup_reply_ DBusMessage *reply = call_by_name(c, m, names[k]);

                        expect_error(reply, "InvalidName", "");
                        methods += k == 0;
                }
        }
        assert_int_equal(methods, 6); /* a new one is known when it is counted here */
        assert_true(world_digest(w) == before);
}

static void test_bad_settings(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_reply_ DBusMessage *unknown = NULL, *section = NULL, *value = NULL, *image = NULL,
                                    *type = NULL;
        const Pair number[] = { { "Image", 's', "img", 0 }, { "Publish", 'A', NULL, 0 }, { NULL } };
        char *const ports[] = { (char *) "no-port", NULL };
        Pair words[ELEMENTSOF(number)];

        unknown = begin_create(c, "acme", "MemoryMacks", "1G");
        expect_error(unknown, "InvalidSetting", "MemoryMacks");
        section = begin_create(c, "acme", "Cgroup.MemoryMacks", "1G");
        expect_job(c, section, "failed", "InvalidSetting");
        value = begin_create(c, "acme", "Ids", "17");
        expect_job(c, value, "failed", "Ids=17");
        memcpy(words, number, sizeof(words));
        words[1].text = ports;
        type = client_call(c, MANAGER_PATH, MANAGER, "CreateTenant", "sD", "acme", words);
        expect_job(c, type, "failed", "Publish=no-port");
        image = begin_create(c, "acme", "Tenant.Image", "img");
        expect_error(image, "InvalidSetting", "Image");
        assert_false(world_has(w, "etc/tenantd/tenants/acme.conf"));
        assert_false(world_has(w, "var/lib/tenantd/tenants/acme"));
}

static void test_failing_backend_leaves_nothing(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_reply_ DBusMessage *reply = begin_create(c, "acme", "Storage.Fail", "provision");

        expect_job(c, reply, "failed", "storage-null");
        assert_false(is_listed(c, "ListTenants", "acme"));
        assert_false(world_has(w, "var/lib/tenantd/tenants/acme"));
        assert_false(world_has(w, "var/lib/tenantd/storage/volumes/acme"));
}

/* What is left can be removed again, by this agent and the next. */
static void test_removal_that_fails_halfway(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_reply_ DBusMessage *remove = NULL, *again = NULL, *none = NULL;
        const char *volume = world_path(w, "var/lib/tenantd/storage/volumes/acme");

        create_tenant(c, "acme");
        assert_int_equal(mount("in-use", volume, "tmpfs", 0, NULL), 0);
        remove = client_call(c, MANAGER_PATH, MANAGER, "RemoveTenant", "sD", "acme", NULL);
        expect_job(c, remove, "failed", "volume acme");
        assert_false(is_listed(c, "ListTenants", "acme"));
        assert_true(world_has(w, "var/lib/tenantd/tenants/acme"));
        assert_int_equal(umount(world_path(w, "var/lib/tenantd/storage/volumes/acme")), 0);
        again = client_call(c, MANAGER_PATH, MANAGER, "RemoveTenant", "sD", "acme", NULL);
        expect_job(c, again, "done", "");
        assert_false(world_has(w, "var/lib/tenantd/tenants/acme"));
        none = client_call(c, MANAGER_PATH, MANAGER, "RemoveTenant", "sD", "acme", NULL);
        expect_error(none, "NoSuchTenant", "acme");
}

static void test_options(void **state) {
        _cleanup_client_ Client *c = client_open(*state, 0);
        const Pair unknown[] = { { "Force", 'b', NULL, 1 }, { NULL } };
        const Pair ignored[] = { { "x-cockpit", 's', "1", 0 }, { NULL } };
        const Pair wrong[] = { { "force", 's', "yes", 0 }, { NULL } };
        const Pair twice[] = { { "force", 'b', NULL, 0 }, { "force", 'b', NULL, 1 }, { NULL } };
        _cleanup_reply_ DBusMessage *a = NULL, *b = NULL, *d = NULL, *e = NULL;

        create_tenant(c, "acme");
        a = client_call(c, MANAGER_PATH, MANAGER, "RemoveTenant", "sD", "acme", unknown);
        expect_error(a, "InvalidSetting", "force (b)");
        b = client_call(c, MANAGER_PATH, MANAGER, "RemoveTenant", "sD", "acme", wrong);
        expect_error(b, "InvalidSetting", "type b");
        d = client_call(c, MANAGER_PATH, MANAGER, "RemoveTenant", "sD", "acme", twice);
        expect_error(d, "InvalidSetting", "twice");
        assert_true(is_listed(c, "ListTenants", "acme"));
        e = client_call(c, MANAGER_PATH, MANAGER, "RemoveTenant", "sD", "acme", ignored);
        expect_job(c, e, "done", "");
}

static char *first_word(DBusMessage *m, int which) {
        DBusMessageIter i, a;
        const char *text = "";

        expect_reply(m);
        dbus_message_iter_init(m, &i);
        for (int k = 0; k < which; k++) {
                dbus_message_iter_next(&i);
        }
        dbus_message_iter_recurse(&i, &a);
        if (dbus_message_iter_get_arg_type(&a) == DBUS_TYPE_STRING) {
                dbus_message_iter_get_basic(&a, &text);
        }
        return strdup(text);
}

static void test_set(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        const Pair setting[] = { { "Publish", 's', "8080:80", 0 }, { NULL } };
        const Pair bad[] = { { "Publish", 's', "80:80:80:80", 0 }, { NULL } };
        _cleanup_reply_ DBusMessage *reply = NULL, *refused = NULL;
        _cleanup_free_ char *later = NULL, *text = NULL;

        create_tenant(c, "acme");
        while (client_has_signal(c, ACME, "PropertiesChanged")) {
                dbus_message_unref(client_signal(c, ACME, "PropertiesChanged"));
        }
        reply = client_call(c, ACME, TENANT, "Set", "DD", setting, NULL);
        later = first_word(reply, 1);
        assert_string_equal(later, "Network.Publish");
        assert_true(client_has_signal(c, ACME, "PropertiesChanged")); /* before the reply */
        refused = client_call(c, ACME, TENANT, "Set", "DD", bad, NULL);
        expect_error(refused, "InvalidSetting", "Publish");
        assert_int_equal(
                file_read(AT_FDCWD, world_path(w, "etc/tenantd/tenants/acme.conf"), 4096, &text, NULL), 0);
        assert_non_null(strstr(text, "8080:80"));
        assert_null(strstr(text, "80:80:80"));
}

static void write_file(World *w, const char *path, const char *text) {
        FILE *f = fopen(world_path(w, path), "we");

        assert_non_null(f);
        fputs(text, f);
        fclose(f);
}

/* vi and rm are ways to work, too. */
static void test_definitions_by_hand(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_reply_ DBusMessage *added = NULL, *changed = NULL, *removed = NULL, *start = NULL,
                                    *gone = NULL;
        _cleanup_free_ char *now = NULL, *profile = NULL, *image = NULL;

        write_file(w, "etc/tenantd/tenants/acme.conf", "[Tenant]\nImage=img\nProfile=plain\n");
        added = client_signal(c, MANAGER_PATH,
                              "InterfacesAdded"); /* perhaps of the file while it was empty */
        wait_until((free(image), image = get_text(c, ACME, TENANT, "Image"), strcmp(image, "img") == 0));
        now = get_text(c, ACME, TENANT, "State");
        assert_string_equal(now, "unprovisioned");
        start = tenant_call(c, "Start");
        expect_error(start, "HostNotReady", "CreateTenant");
        write_file(w, "etc/tenantd/tenants/acme.conf", "[Tenant]\nImage=img\nProfile=docker\n");
        changed = client_signal(c, ACME, "PropertiesChanged");
        wait_until((free(profile), profile = get_text(c, ACME, TENANT, "Profile"),
                    strcmp(profile, "docker") == 0));
        assert_int_equal(unlink(world_path(w, "etc/tenantd/tenants/acme.conf")), 0);
        removed = client_signal(c, MANAGER_PATH, "InterfacesRemoved");
        gone = client_call(c, MANAGER_PATH, MANAGER, "GetTenant", "s", "acme");
        expect_error(gone, "NoSuchTenant", "acme");
}

static void by_hand(Client *c, const char *active_state) {
        DBusMessage *m =
                dbus_message_new_method_call("org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                                             "org.freedesktop.systemd1.Manager", "ByHand");
        _cleanup_reply_ DBusMessage *reply = NULL;
        const char *unit = "tenant@acme.service";

        dbus_message_append_args(m, DBUS_TYPE_STRING, &unit, DBUS_TYPE_STRING, &active_state,
                                 DBUS_TYPE_INVALID);
        reply = client_exchange(c, m);
        dbus_message_unref(m);
        expect_reply(reply);
}

/* What `systemctl start` does reaches our clients as changes of our own objects, with values. */
static void test_state_follows_systemd(void **state) {
        static const char *const steps[][2] = { { "activating", "starting" },
                                                { "active", "running" },
                                                { "deactivating", "stopping" },
                                                { "failed", "failed" } };
        _cleanup_client_ Client *c = client_open(*state, 0);

        create_tenant(c, "acme");
        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                _cleanup_reply_ DBusMessage *changed = NULL;
                const char *text = "", *key;
                DBusMessageIter a, b, d, v;

                by_hand(c, steps[i][0]);
                changed = client_signal(c, ACME, "PropertiesChanged");
                dbus_message_iter_init(changed, &a);
                dbus_message_iter_next(&a);
                dbus_message_iter_recurse(&a, &b);
                dbus_message_iter_recurse(&b, &d);
                dbus_message_iter_get_basic(&d, &key);
                dbus_message_iter_next(&d);
                dbus_message_iter_recurse(&d, &v);
                dbus_message_iter_get_basic(&v, &text);
                assert_string_equal(key, "State");
                assert_string_equal(text, steps[i][1]);
        }
}

static void test_kill(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_reply_ DBusMessage *stopped = NULL, *start = NULL, *bad = NULL, *reply = NULL;
        _cleanup_free_ char *calls = NULL;

        create_tenant(c, "acme");
        stopped = client_call(c, ACME, TENANT, "Kill", "iD", 9, NULL);
        expect_error(stopped, "NotRunning", "acme");
        start = tenant_call(c, "Start");
        expect_job(c, start, "done", "");
        bad = client_call(c, ACME, TENANT, "Kill", "iD", 99, NULL);
        expect_error(bad, "InvalidSetting", "99");
        reply = client_call(c, ACME, TENANT, "Kill", "iD", 9, NULL);
        expect_reply(reply);
        assert_int_equal(file_read(AT_FDCWD, world_path(w, "calls"), 4096, &calls, NULL), 0);
        assert_non_null(strstr(calls, "KillUnit all 9 tenant@acme.service"));
}

static void test_run_needs_a_running_tenant(void **state) {
        _cleanup_client_ Client *c = client_open(*state, 0);
        char *const argv[] = { (char *) "true", NULL }, *const none[] = { NULL };
        const Pair long_time[] = { { "TimeoutUSec", 't', NULL, UINT64_MAX }, { NULL } };
        _cleanup_reply_ DBusMessage *a = NULL, *b = NULL, *d = NULL;

        create_tenant(c, "acme");
        a = client_call(c, ACME, TENANT, "Run", "AD", argv, NULL);
        expect_error(a, "NotRunning", "acme");
        b = client_call(c, ACME, TENANT, "Run", "AD", none, NULL);
        expect_error(b, "InvalidSetting", "program");
        d = client_call(c, ACME, TENANT, "Run", "AD", argv, long_time);
        expect_error(d, "InvalidSetting", "hour");
}

static void test_images(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_reply_ DBusMessage *in_use = NULL, *relative = NULL, *missing = NULL, *exists = NULL,
                                    *suite = NULL, *remove = NULL, *none = NULL;

        create_tenant(c, "acme");
        in_use = client_call(c, MANAGER_PATH, MANAGER, "RemoveImage", "sD", "img", NULL);
        expect_job(c, in_use, "failed", "ImageInUse");
        relative = client_call(c, MANAGER_PATH, MANAGER, "ImportImage", "sVD", "fresh", "a.tar", NULL);
        expect_error(relative, "InvalidSetting", "absolute");
        missing = client_call(c, MANAGER_PATH, MANAGER, "ImportImage", "sVD", "fresh", "/nonexistent.tar",
                              NULL);
        expect_job(c, missing, "failed", "BadImage");
        exists =
                client_call(c, MANAGER_PATH, MANAGER, "ImportImage", "sVD", "img", "/nonexistent.tar", NULL);
        expect_error(exists, "ImageExists", "img");
        suite = client_call(c, MANAGER_PATH, MANAGER, "BuildImage", "ssD", "fresh", "--help", NULL);
        expect_error(suite, "InvalidSetting", "suite");
        none = client_call(c, MANAGER_PATH, MANAGER, "RemoveImage", "sD", "nosuch", NULL);
        expect_error(none, "NoSuchImage", "nosuch");
        remove = client_call(c, MANAGER_PATH, MANAGER, "RemoveTenant", "sD", "acme", NULL);
        expect_job(c, remove, "done", "");
        dbus_message_unref(remove);
        remove = client_call(c, MANAGER_PATH, MANAGER, "RemoveImage", "sD", "img", NULL);
        expect_job(c, remove, "done", "");
        assert_false(is_listed(c, "ListImages", "img"));
}

static void test_credentials(void **state) {
        _cleanup_client_ Client *c = client_open(*state, 0);
        _cleanup_reply_ DBusMessage *create = NULL, *plain = NULL, *days = NULL, *reply = NULL,
                                    *rotate = NULL;
        const Pair too_long[] = { { "Days", 'u', NULL, 9000 }, { NULL } };
        DBusMessageIter i, a;
        int n = 0;

        create_tenant(c, "plain");
        plain = client_call(c, "/org/tenantd1/tenant/plain", "org.tenantd1.Docker", "GetCredentials", "D",
                            NULL);
        expect_error(plain, "org.freedesktop.DBus.Error.UnknownMethod", "");
        create = begin_create(c, "acme", "Docker.Enabled", "yes");
        expect_job(c, create, "done", "");
        days = client_call(c, ACME, "org.tenantd1.Docker", "GetCredentials", "D", too_long);
        expect_error(days, "InvalidSetting", "825");
        reply = client_call(c, ACME, "org.tenantd1.Docker", "GetCredentials", "D", NULL);
        expect_reply(reply);
        dbus_message_iter_init(reply, &i);
        dbus_message_iter_recurse(&i, &a);
        for (; dbus_message_iter_get_arg_type(&a) == DBUS_TYPE_DICT_ENTRY; dbus_message_iter_next(&a)) {
                n++;
        }
        assert_int_equal(n, 4);
        rotate = client_call(c, ACME, "org.tenantd1.Docker", "Rotate", "D", NULL);
        expect_job(c, rotate, "done", "");
}

/* Started after the agent read the states and before systemd tells it of changes. */
static void test_start_before_the_subscription(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_free_ char *before = NULL, *now = NULL;
        int lock;

        create_tenant(c, "acme");
        assert_int_equal(end_process(&w->agent, SIGTERM), 0);
        kill(w->systemd, SIGSTOP);
        start_agent(w, NULL);
        before = get_text(c, ACME, TENANT, "State");
        assert_string_equal(before, "stopped");
        (void) mkdir(world_path(w, "run/tenantd/acme"), 0711); /* may be there */
        lock = open(world_path(w, "run/tenantd/acme/lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
        kill(w->systemd, SIGCONT);
        wait_until((free(now), now = get_text(c, ACME, TENANT, "State"), strcmp(now, "running") == 0));
        close(lock);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                WORLD_TEST(test_whole_life),
                WORLD_TEST(test_remove_with_force),
                WORLD_TEST(test_removal_that_fails_halfway),
                WORLD_TEST(test_start_refused_by_systemd),
                WORLD_TEST(test_start_that_fails_says_why),
                WORLD_TEST(test_creation_twice),
                WORLD_TEST(test_two_creations_at_once),
                WORLD_TEST(test_bad_names),
                WORLD_TEST(test_bad_settings),
                WORLD_TEST(test_failing_backend_leaves_nothing),
                WORLD_TEST(test_options),
                WORLD_TEST(test_set),
                WORLD_TEST(test_definitions_by_hand),
                WORLD_TEST(test_state_follows_systemd),
                WORLD_TEST(test_start_before_the_subscription),
                WORLD_TEST(test_kill),
                WORLD_TEST(test_run_needs_a_running_tenant),
                WORLD_TEST(test_images),
                WORLD_TEST(test_credentials),
        };

        return run_world_tests(tests);
}

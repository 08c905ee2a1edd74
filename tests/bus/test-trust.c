/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-trust.c: whom the agent believes: signals and replies that somebody forged, a caller who is root only in a user namespace of
 * his own, objects that were replaced while polkit was asked about them, and callers who send what has to be kept.
 */
#include "raw.h"
#include "scene.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define UNIT "/org/freedesktop/systemd1/unit/tenant_40acme_2eservice"

static DBusMessage *new_signal(const char *path, const char *interface, const char *member) {
        DBusMessage *m = dbus_message_new_signal(path, interface, member);

        assert_true(dbus_message_set_destination(m, "org.tenantd1"));
        return m;
}

/* systemd's word that a unit has another state. */
static DBusMessage *new_state(const char *state) {
        DBusMessage *m = new_signal(UNIT, "org.freedesktop.DBus.Properties", "PropertiesChanged");
        const char *interface = "org.freedesktop.systemd1.Unit", *key = "ActiveState";
        DBusMessageIter i, d, e, v;

        dbus_message_iter_init_append(m, &i);
        dbus_message_iter_append_basic(&i, DBUS_TYPE_STRING, &interface);
        dbus_message_iter_open_container(&i, DBUS_TYPE_ARRAY, "{sv}", &d);
        dbus_message_iter_open_container(&d, DBUS_TYPE_DICT_ENTRY, NULL, &e);
        dbus_message_iter_append_basic(&e, DBUS_TYPE_STRING, &key);
        dbus_message_iter_open_container(&e, DBUS_TYPE_VARIANT, "s", &v);
        dbus_message_iter_append_basic(&v, DBUS_TYPE_STRING, &state);
        dbus_message_iter_close_container(&e, &v);
        dbus_message_iter_close_container(&d, &e);
        dbus_message_iter_close_container(&i, &d);
        dbus_message_iter_open_container(&i, DBUS_TYPE_ARRAY, "s", &d);
        dbus_message_iter_close_container(&i, &d);
        return m;
}

static DBusMessage *new_job_removed(uint32_t id) {
        DBusMessage *m =
                new_signal("/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "JobRemoved");
        char path[64];
        const char *job = path, *unit = "tenant@slow.service", *result = "done";

        snprintf(path, sizeof(path), "/org/freedesktop/systemd1/job/%u", id);
        dbus_message_append_args(m, DBUS_TYPE_UINT32, &id, DBUS_TYPE_OBJECT_PATH, &job, DBUS_TYPE_STRING,
                                 &unit, DBUS_TYPE_STRING, &result, DBUS_TYPE_INVALID);
        return m;
}

/* Sends it, and returns when the agent has had it: it answers what the same caller sends after it. */
static void say(Client *c, DBusMessage *m) {
        _cleanup_reply_ DBusMessage *pong = NULL;

        assert_true(dbus_connection_send(c->connection, m, NULL));
        dbus_message_unref(m);
        pong = client_call(c, MANAGER_PATH, "org.freedesktop.DBus.Peer", "Ping", "");
        expect_reply(pong);
}

static void expect_property(Client *c, const char *path, const char *interface, const char *name,
                            const char *right) {
        _cleanup_free_ char *text = get_text(c, path, interface, name);

        assert_string_equal(text, right);
}

/* Whoever a user says he is, the bus says who he is. */
static void say_as(Client *c, const char *sender) {
        DBusMessage *m = new_state("active");

        assert_true(dbus_message_set_sender(m, sender));
        say(c, m);
}

static void test_signals_of_users(void **state) {
        Scene s = scene_open(*state, false);
        _cleanup_reply_ DBusMessage *start = NULL;
        const char *job;
        uint32_t id;

        say(s.user, new_state("active"));
        say_as(s.user, "org.freedesktop.DBus");
        say_as(s.user, "org.freedesktop.DBus.Local");
        say_as(s.user, "org.freedesktop.systemd1");
        expect_property(s.root, ACME, TENANT, "State", "stopped");
        create_tenant(s.root, "slow");
        start = client_call(s.root, "/org/tenantd1/tenant/slow", TENANT, "Start", "D", NULL);
        job_of(start, &id, &job);
        dbus_message_unref(client_signal(s.root, "/org/tenantd1/tenant/slow", "PropertiesChanged"));
        for (uint32_t i = 0; i < 100; i++) { /* all numbers that systemd's job may have */
                say(s.user, new_job_removed(i));
        }
        expect_property(s.root, job, JOB, "State", "running");
        /* From root they count: it is the sender that made the difference. */
        say(s.root, new_state("active"));
        expect_property(s.root, ACME, TENANT, "State", "running");
        for (uint32_t i = 0; i < 100; i++) {
                say(s.root, new_job_removed(i));
        }
        expect_property(s.root, job, JOB, "State", "done");
        scene_close(&s);
}

/* The yes of polkit, said by somebody else, under every serial that the question can have. */
static DBusMessage *new_yes(uint32_t serial) {
        DBusMessage *m = dbus_message_new(DBUS_MESSAGE_TYPE_METHOD_RETURN);
        dbus_bool_t yes = TRUE, no = FALSE;
        DBusMessageIter i, r, d;

        dbus_message_set_destination(m, "org.tenantd1");
        dbus_message_set_reply_serial(m, serial);
        dbus_message_set_no_reply(m, TRUE);
        dbus_message_iter_init_append(m, &i);
        dbus_message_iter_open_container(&i, DBUS_TYPE_STRUCT, NULL, &r);
        dbus_message_iter_append_basic(&r, DBUS_TYPE_BOOLEAN, &yes);
        dbus_message_iter_append_basic(&r, DBUS_TYPE_BOOLEAN, &no);
        dbus_message_iter_open_container(&r, DBUS_TYPE_ARRAY, "{ss}", &d);
        dbus_message_iter_close_container(&r, &d);
        dbus_message_iter_close_container(&i, &r);
        return m;
}

static void test_forged_yes(void **state) {
        Scene s = scene_open(*state, true);
        _cleanup_raw_ Raw *forger = raw_open_as(s.w, NOBODY);
        _cleanup_reply_ DBusMessage *reply = NULL;
        uint32_t serial;

        assert_non_null(forger);
        polkit_mode(&s, "hang");
        serial = client_send(s.user, ACME, TENANT, "Start", "D", NULL);
        wait_until(polkit_count(&s) == 1);
        for (uint32_t i = 1; i < 500; i++) {
                DBusMessage *m = new_yes(i);

                assert_true(raw_send(forger, m));
                dbus_message_unref(m);
        }
        {
                DBusMessage *m = dbus_message_new_method_call("org.tenantd1", "/",
                                                              "org.freedesktop.DBus.Peer", "Ping");
                _cleanup_reply_ DBusMessage *pong = NULL;

                assert_true(raw_send(forger, m));
                dbus_message_unref(m);
                pong = raw_reply(forger, 20000); /* all before it has come to its end */
                assert_non_null(pong);
        }
        expect_property(s.root, ACME, TENANT, "State", "stopped");
        polkit_mode(&s, "no");
        reply = client_reply(s.user, serial);
        expect_error(reply, DENIED, "polkit does not allow");
        scene_close(&s);
}

static bool write_file(const char *path, const char *text) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        bool well = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text);

        close(fd);
        return well;
}

/* What /proc says of this process from now on: uid 0 (inside), every capability. */
static bool become_root_inside(void) {
        char map[64];
        char line[128];
        unsigned long long caps = 0;
        FILE *f;

        snprintf(map, sizeof(map), "0 %u 1", WORLD_TENANT);
        if (setresuid(WORLD_TENANT, WORLD_TENANT, WORLD_TENANT) < 0 || unshare(CLONE_NEWUSER) < 0 ||
            prctl(PR_SET_DUMPABLE, 1) < 0 || !write_file("/proc/self/uid_map", map) || geteuid() != 0) {
                return false;
        }
        f = fopen("/proc/self/status", "re");
        while (f && fgets(line, sizeof(line), f) && sscanf(line, "CapEff: %llx", &caps) != 1) {
        }
        fclose(f);
        return (caps & 0x1ffffffffff) == 0x1ffffffffff;
}

/* 0: denied as it should be. */
static int call_as_root_inside(const char *bus) {
        Raw *r;
        DBusMessage *m, *reply;
        const char *name;

        if (!become_root_inside()) {
                return 2;
        }
        if (raw_open(bus, "0")) {
                return 3; /* the bus took him for root */
        }
        name = "603979776";
        r = raw_open(bus, name);
        m = dbus_message_new_method_call("org.tenantd1", MANAGER_PATH, MANAGER, "ListTenants");
        reply = r && raw_send(r, m) ? raw_reply(r, 20000) : NULL;
        name = reply ? dbus_message_get_error_name(reply) : NULL;
        return !r ? 4 : !reply ? 5 : !name ? 6 : strcmp(name, DENIED) != 0 ? 7 : 0;
}

/* A tenant's root with the host's bus in his hands (he has no way to it) is one user among others. */
static void test_root_of_a_user_namespace(void **state) {
        World *w = *state;
        char bus[128];
        pid_t pid;

        snprintf(bus, sizeof(bus), "%s/bus", w->dir);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                _exit(call_as_root_inside(bus));
        }
        assert_int_equal(end_process(&pid, 0), 0);
}

typedef struct Change {
        uint32_t (*ask)(Scene *s); /* a call of the user */
        void (*change)(Scene *s); /* what root does before polkit says yes */
        const char *error;
        const char *text;
} Change;

static uint32_t ask_start(Scene *s) {
        return client_send(s->user, ACME, TENANT, "Start", "D", NULL);
}

static uint32_t ask_remove(Scene *s) {
        return client_send(s->user, MANAGER_PATH, MANAGER, "RemoveTenant", "sD", "acme", NULL);
}

static uint32_t ask_create(Scene *s) {
        return client_send(s->user, MANAGER_PATH, MANAGER, "CreateTenant", "sD", "fresh", NULL);
}

static uint32_t ask_read(Scene *s) {
        return client_send(s->user, ACME, "org.freedesktop.DBus.Properties", "GetAll", "s", TENANT);
}

static uint32_t ask_remove_image(Scene *s) {
        return client_send(s->user, MANAGER_PATH, MANAGER, "RemoveImage", "sD", "small", NULL);
}

static uint32_t ask_cancel(Scene *s) {
        return client_send(s->user, s->job, JOB, "Cancel", "");
}

static void remove_tenant(Scene *s) {
        _cleanup_reply_ DBusMessage *reply =
                client_call(s->root, MANAGER_PATH, MANAGER, "RemoveTenant", "sD", "acme", NULL);

        expect_job(s->root, reply, "done", "");
}

static void replace_tenant(Scene *s) {
        remove_tenant(s);
        create_tenant(s->root, "acme");
}

static void create_other(Scene *s) {
        create_tenant(s->root, "fresh");
}

static void import_small(Scene *s) {
        _cleanup_reply_ DBusMessage *reply = NULL;
        char command[512], path[128];

        snprintf(path, sizeof(path), "%s/small.tar", s->w->dir);
        snprintf(command, sizeof(command),
                 "cd %s && mkdir -p t/sbin && : >t/sbin/init && chmod 755 t/sbin/init && tar -C t -cf "
                 "small.tar .",
                 s->w->dir);
        assert_int_equal(system(command), 0);
        reply = client_call(s->root, MANAGER_PATH, MANAGER, "ImportImage", "sVD", "small", path, NULL);
        expect_job(s->root, reply, "done", "");
}

static void replace_image(Scene *s) {
        _cleanup_reply_ DBusMessage *reply =
                client_call(s->root, MANAGER_PATH, MANAGER, "RemoveImage", "sD", "small", NULL);

        expect_job(s->root, reply, "done", "");
        import_small(s);
}

/* The job ends and its object goes a second later. */
static void end_job(Scene *s) {
        _cleanup_reply_ DBusMessage *reply = client_call(s->root, s->job, JOB, "Cancel", "");
        const char *error;

        expect_reply(reply);
        do {
                dbus_message_unref(reply);
                nap();
                reply = client_call(s->root, s->job, JOB, "Cancel", "");
                error = dbus_message_get_error_name(reply);
        } while (!error || strstr(error, "Unknown") == NULL);
}

static void test_objects_change_meanwhile(void **state) {
        static const Change changes[] = {
                { ask_start, replace_tenant, "Busy", "changed" },
                { ask_remove, replace_tenant, "Busy", "changed" },
                { ask_read, replace_tenant, "Busy", "changed" },
                { ask_create, create_other, "Busy", "changed" },
                { ask_remove_image, replace_image, "Busy", "changed" },
                { ask_cancel, end_job, "Busy", "changed" },
                { ask_start, remove_tenant, "Busy", "changed" },
                { ask_read, remove_tenant, "Busy", "changed" },
        };
        Scene s = scene_open(*state, true);

        import_small(&s);
        for (size_t i = 0; i < ELEMENTSOF(changes); i++) {
                _cleanup_reply_ DBusMessage *reply = NULL;
                uint32_t before = polkit_count(&s), serial;

                polkit_mode(&s, "hang");
                serial = changes[i].ask(&s);
                wait_until(polkit_count(&s) > before);
                changes[i].change(&s);
                polkit_mode(&s, "yes");
                reply = client_reply(s.user, serial);
                expect_error(reply, changes[i].error, changes[i].text);
                if (changes[i].change == remove_tenant) {
                        create_tenant(s.root, "acme");
                }
        }
        scene_close(&s);
}

/* Nobody else may be asked about than who called, whatever else is asked in between. */
static void test_each_question_has_its_own_subject(void **state) {
        Scene s = scene_open(*state, true);
        _cleanup_client_ Client *other = client_open(s.w, 1);
        Client *const callers[] = { s.user, other, s.user };

        polkit_mode(&s, "no");
        for (size_t i = 0; i < ELEMENTSOF(callers); i++) {
                _cleanup_reply_ DBusMessage *reply =
                        client_call(callers[i], ACME, TENANT, "Start", "D", NULL);
                _cleanup_free_ char *asked = polkit_asked(&s), *right = NULL;

                assert_true(asprintf(&right, "org.tenantd1.control-tenants system-bus-name %s ",
                                     dbus_bus_get_unique_name(callers[i]->connection)) > 0);
                expect_error(reply, DENIED, "");
                assert_int_equal(strncmp(asked, right, strlen(right)), 0);
        }
        scene_close(&s);
}

static void add_descriptors(DBusMessage *m, int fd, unsigned count) {
        DBusMessageIter i, d, e, v;

        dbus_message_iter_init_append(m, &i);
        dbus_message_iter_open_container(&i, DBUS_TYPE_ARRAY, "{sv}", &d);
        for (unsigned n = 0; n < count; n++) {
                const char *key = "x-fd";

                dbus_message_iter_open_container(&d, DBUS_TYPE_DICT_ENTRY, NULL, &e);
                dbus_message_iter_append_basic(&e, DBUS_TYPE_STRING, &key);
                dbus_message_iter_open_container(&e, DBUS_TYPE_VARIANT, "h", &v);
                dbus_message_iter_append_basic(&v, DBUS_TYPE_UNIX_FD, &fd);
                dbus_message_iter_close_container(&e, &v);
                dbus_message_iter_close_container(&d, &e);
        }
        dbus_message_iter_close_container(&i, &d);
}

static DBusMessage *new_call_with_descriptors(int fd, unsigned count) {
        DBusMessage *m = dbus_message_new_method_call("org.tenantd1", ACME, TENANT, "Start");

        add_descriptors(m, fd, count);
        return m;
}

/* A connection that has sent what nobody reads, and whose last close waits an hour for somebody who does. */
static int lingering_socket(int *ret_peer) {
        const struct linger hour = { .l_onoff = 1, .l_linger = 3600 };
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(address);
        static const char block[1 << 16];
        int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
            fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_int_equal(bind(listener, (struct sockaddr *) &address, size), 0);
        assert_int_equal(listen(listener, 1), 0);
        assert_int_equal(getsockname(listener, (struct sockaddr *) &address, &size), 0);
        assert_int_equal(connect(fd, (struct sockaddr *) &address, size), 0);
        *ret_peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        assert_true(*ret_peer >= 0);
        close(listener);
        while (send(fd, block, sizeof(block), MSG_DONTWAIT) > 0) {
        }
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &hour, sizeof(hour)), 0);
        return fd;
}

/* An end that does not linger is that of a process. Other copies of it are closed meanwhile, none of them as the last. */
static void close_by_exit(int fd) {
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                pause();
                _exit(0);
        }
        close(fd);
        end_process(&pid, SIGKILL);
}

/* The agent would have to close it last, and is one process for all; it gets what the bus lets through when nobody else has it. */
static void test_descriptor_that_lingers(void **state) {
        Scene s = scene_open(*state, true);
        _cleanup_reply_ DBusMessage *refused = NULL, *pong = NULL;
        DBusMessage *messages[] = { new_state("active"), NULL };
        int peer, fd = lingering_socket(&peer);
        dbus_uint32_t serial = 0;

        add_descriptors(messages[0], fd, 1);
        messages[1] = new_call_with_descriptors(fd, 1);
        kill(s.w->agent, SIGSTOP);
        for (size_t i = 0; i < ELEMENTSOF(messages); i++) {
                assert_true(dbus_connection_send(s.user->connection, messages[i], &serial));
                dbus_message_unref(messages[i]);
        }
        /* The bus has had them when it answers. */
        (void) dbus_bus_get_unix_user(s.user->connection, dbus_bus_get_unique_name(s.user->connection),
                                      NULL);
        close_by_exit(fd);
        kill(s.w->agent, SIGCONT);
        refused = client_reply(s.user, serial);
        expect_error(refused, "org.freedesktop.DBus.Error.AccessDenied", "");
        pong = client_call(s.root, MANAGER_PATH, "org.freedesktop.DBus.Peer", "Ping", "");
        expect_reply(pong);
        close(peer);
        scene_close(&s);
}

/*
 * Messages that wait for polkit keep their descriptors; all that can wait at once fit. And they leave root's calls to systemd room
 * among the replies that a bus lets a connection wait for (128).
 */
static void test_calls_that_wait_for_polkit(void **state) {
        static const uid_t uids[] = { WORLD_OPERATOR, NOBODY, 1, 2, 3, 4, 5, 6, WORLD_TENANT };
        Scene s = scene_open(*state, true);
        _cleanup_reply_ DBusMessage *start = NULL;
        Client *callers[ELEMENTSOF(uids)];
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        polkit_mode(&s, "hang");
        for (size_t i = 0; i < ELEMENTSOF(uids); i++) {
                callers[i] = client_open(s.w, uids[i]);
                for (int n = 0; n < 16; n++) {
                        say(callers[i],
                            new_call_with_descriptors(fd, uids[i] == WORLD_OPERATOR
                                                                  ? 16
                                                                  : 0)); /* as many as a bus lets through */
                }
        }
        assert_true(polkit_count(&s) >= 32);
        start = client_call(s.root, ACME, TENANT, "Start", "D", NULL);
        expect_job(s.root, start, "done", "");
        polkit_mode(&s, "no");
        wait_until(world_descriptors(s.w) < 100);
        for (size_t i = 0; i < ELEMENTSOF(uids); i++) {
                (void) client_close(callers[i]); /* returns NULL */
        }
        close(fd);
        scene_close(&s);
}

static DBusMessage *new_get_objects(void) {
        DBusMessage *m = dbus_message_new_method_call(
                "org.tenantd1", MANAGER_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");

        assert_non_null(m);
        return m;
}

/* More than a bus allows a connection to watch (512), as three users, since it allows each of them 256 connections. */
static void test_many_observers(void **state) {
        static const uid_t uids[] = { 0, NOBODY, WORLD_OPERATOR };
        Scene s = scene_open(*state, true);
        Raw *observers[180 * ELEMENTSOF(uids)];

        polkit_mode(&s, "yes");
        for (size_t i = 0; i < ELEMENTSOF(observers); i++) {
                DBusMessage *m = new_get_objects();
                _cleanup_reply_ DBusMessage *reply = NULL;

                observers[i] = raw_open_as(s.w, uids[i % ELEMENTSOF(uids)]);
                assert_non_null(observers[i]);
                do { /* users call often here: Busy */
                        if (reply) {
                                dbus_message_unref(reply);
                                nap();
                        }
                        assert_true(raw_send(observers[i], m));
                        reply = raw_reply(observers[i], 20000);
                        assert_non_null(reply);
                } while (dbus_message_is_error(reply, "org.tenantd1.Error.Busy"));
                dbus_message_unref(m);
                expect_reply(reply);
        }
        expect_property(s.root, ACME, TENANT, "State", "stopped");
        for (size_t i = 0; i < ELEMENTSOF(observers); i++) {
                (void) raw_close(observers[i]); /* returns NULL */
        }
        scene_close(&s);
}

static Raw *ping_as_newcomer(World *w, size_t padding) {
        DBusMessage *m =
                dbus_message_new_method_call("org.tenantd1", "/", "org.freedesktop.DBus.Peer", "Ping");
        _cleanup_free_ char *bytes = calloc(1, padding + 1);
        const char *data = bytes;
        Raw *r = raw_open_as(w, 0);

        assert_non_null(r);
        if (padding > 0) {
                assert_true(dbus_message_append_args(m, DBUS_TYPE_ARRAY, DBUS_TYPE_BYTE, &data,
                                                     (int) padding, DBUS_TYPE_INVALID));
        }
        assert_true(raw_send(r, m));
        dbus_message_unref(m);
        return r;
}

/* What callers who are not known yet send is kept, within bounds; what does not fit leaves nothing in the agent. */
static void test_newcomers_beside_large_messages(void **state) {
        World *w = *state;
        Raw *callers[4 + 220 + 1];
        const size_t last = ELEMENTSOF(callers) - 1;

        for (int round = 0; round < 12; round++) {
                kill(w->agent, SIGSTOP); /* so that all come before the bus says who they are */
                for (size_t i = 0; i < ELEMENTSOF(callers); i++) {
                        callers[i] = ping_as_newcomer(w, i < 4 ? 4u << 20 : i < last ? 20u << 10 : 0);
                }
                kill(w->agent, SIGCONT);
                for (size_t i = 0; i < ELEMENTSOF(callers); i++) {
                        _cleanup_reply_ DBusMessage *reply = raw_reply(callers[i], 20000);

                        assert_non_null(reply);
                        if (i == last) { /* there is room for a small one; others may hear Busy */
                                expect_reply(reply);
                        }
                        (void) raw_close(callers[i]); /* returns NULL */
                }
        }
}

/* Nobody sees him leave after he became an observer, since he left before. */
static void test_observer_who_left_meanwhile(void **state) {
        World *w = *state;
        Scene s = { .w = w, .root = client_open(w, 0), .user = client_open(w, NOBODY) };

        assert_int_equal(end_process(&w->agent, SIGTERM), 0);
        start_polkit(w);
        start_agent(w, "1");
        polkit_mode(&s, "hang");
        (void) client_send(s.user, MANAGER_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                           ""); /* the reply is nobody's */
        wait_until(polkit_count(&s) == 1);
        s.user = client_close(s.user);
        wait_until(polkit_hanging(&s) == 0); /* withdrawn: nobody has to type a password for nobody */
        expect_notification(w, "STOPPING=1");
        assert_int_equal(end_process(&w->agent, 0), 0);
        s.root = client_close(s.root);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                WORLD_TEST(test_signals_of_users),
                WORLD_TEST(test_forged_yes),
                WORLD_TEST(test_root_of_a_user_namespace),
                WORLD_TEST(test_objects_change_meanwhile),
                WORLD_TEST(test_each_question_has_its_own_subject),
                WORLD_TEST(test_descriptor_that_lingers),
                WORLD_TEST(test_calls_that_wait_for_polkit),
                WORLD_TEST(test_many_observers),
                WORLD_TEST(test_newcomers_beside_large_messages),
                WORLD_TEST(test_observer_who_left_meanwhile),
        };

        return world_add_users() ? run_world_tests(tests) : 77;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-jobs.c: jobs: progress, cancel, limits, their end; workers and agents that die; idle; the order at the start. */
#include "raw.h"
#include "scene.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/resource.h>

static void test_object_before_reply(void **state) {
        _cleanup_client_ Client *c = client_open(*state, 0);
        _cleanup_reply_ DBusMessage *reply = NULL, *added = NULL;
        _cleanup_free_ char *operation = NULL, *image = NULL, *uid = NULL, *now = NULL;
        const char *path, *object;
        uint32_t id;
        int fd;

        reply = begin_endless_import(c, "fresh", &fd);
        job_of(reply, &id, &path);
        assert_true(client_has_signal(c, MANAGER_PATH, "InterfacesAdded")); /* it came before the reply */
        added = client_signal(c, MANAGER_PATH, "InterfacesAdded");
        dbus_message_get_args(added, NULL, DBUS_TYPE_OBJECT_PATH, &object, DBUS_TYPE_INVALID);
        assert_string_equal(object, path);
        operation = get_text(c, path, JOB, "Operation");
        assert_string_equal(operation, "import-image");
        image = get_text(c, path, JOB, "Image");
        assert_string_equal(image, "fresh");
        uid = get_text(c, path, JOB, "StartedByUID");
        assert_string_equal(uid, "0");
        now = get_text(c, path, JOB, "State");
        assert_string_equal(now, "running");
        close(fd);
        expect_job(c, reply, "failed", "BadImage"); /* an empty file */
}

static void test_cancel_and_linger(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_reply_ DBusMessage *reply = NULL, *cancel = NULL, *late = NULL, *removed = NULL;
        _cleanup_free_ char *now = NULL, *error = NULL;
        const char *path;
        uint32_t id;
        int fd;

        reply = begin_endless_import(c, "fresh", &fd);
        job_of(reply, &id, &path);
        cancel = client_call(c, path, JOB, "Cancel", "");
        expect_reply(cancel);
        expect_job(c, reply, "canceled", "Canceled");
        now = get_text(c, path, JOB, "State"); /* it lingers */
        assert_string_equal(now, "canceled");
        error = get_text(c, path, JOB, "Error");
        assert_non_null(strstr(error, "Canceled: "));
        late = client_call(c, path, JOB, "Cancel", "");
        expect_error(late, "Failed", "ended");
        removed = client_signal(c, MANAGER_PATH, "InterfacesRemoved"); /* after --linger-sec=1 */
        assert_false(world_has(w, "var/lib/tenantd/images/fresh"));
        close(fd);
}

static void test_cancel_of_a_start(void **state) {
        _cleanup_client_ Client *c = client_open(*state, 0);
        _cleanup_reply_ DBusMessage *reply = NULL, *cancel = NULL;
        const char *slow = "/org/tenantd1/tenant/slow", *path;
        _cleanup_free_ char *now = NULL;
        uint32_t id;

        create_tenant(c, "slow");
        reply = client_call(c, slow, TENANT, "Start", "D", NULL);
        job_of(reply, &id, &path);
        dbus_message_unref(client_signal(c, slow, "PropertiesChanged")); /* starting */
        cancel = client_call(c, path, JOB, "Cancel", "");
        expect_reply(cancel);
        expect_job(c, reply, "canceled", "Canceled");
        dbus_message_unref(client_signal(c, slow, "PropertiesChanged")); /* stopping */
        wait_until((free(now), now = get_text(c, slow, TENANT, "State"), strcmp(now, "stopped") == 0));
}

static void test_jobs_exclude_each_other(void **state) {
        _cleanup_client_ Client *c = client_open(*state, 0);
        _cleanup_reply_ DBusMessage *reply = NULL, *start = NULL, *restart = NULL, *set = NULL,
                                    *remove = NULL, *import = NULL, *twice = NULL, *stop = NULL;
        const char *slow = "/org/tenantd1/tenant/slow";
        int fd, other = -1;

        create_tenant(c, "slow");
        reply = client_call(c, slow, TENANT, "Start", "D", NULL);
        expect_reply(reply);
        dbus_message_unref(client_signal(c, slow, "PropertiesChanged")); /* starting: its lock is held */
        start = client_call(c, slow, TENANT, "Start", "D", NULL);
        expect_error(start, "Running", "slow");
        restart = client_call(c, slow, TENANT, "Restart", "D", NULL); /* systemd makes one job of both */
        expect_error(restart, "Busy", "start");
        set = client_call(c, slow, TENANT, "Set", "DD", NULL, NULL); /* may come into a start */
        expect_reply(set);
        remove = client_call(c, MANAGER_PATH, MANAGER, "RemoveTenant", "sD", "slow", NULL);
        expect_error(remove, "Running", "force");
        stop = client_call(c, slow, TENANT, "Stop", "D", NULL); /* may come into a start */
        expect_job(c, stop, "done", "");
        import = begin_endless_import(c, "fresh", &fd);
        expect_reply(import);
        twice = begin_endless_import(c, "fresh", &other);
        expect_error(twice, "ImageExists", "being made");
        close(fd);
        close(other);
}

static void test_limit_of_all(void **state) {
        World *w = *state;
        _cleanup_client_ Client *root = client_open(w, 0);
        int fds[65] = { 0 };
        char name[32];

        for (int i = 0; i < 65; i++) {
                _cleanup_reply_ DBusMessage *reply = NULL;

                snprintf(name, sizeof(name), "image-%d", i);
                reply = begin_endless_import(root, name, &fds[i]);
                if (i < 64) {
                        expect_reply(reply);
                } else {
                        expect_error(reply, "Busy", "64");
                }
        }
        for (int i = 0; i < 65; i++) {
                close(fds[i]);
        }
}

static void test_worker_killed(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_reply_ DBusMessage *reply = NULL;
        int fd;

        wait_for_no_worker(w->agent); /* the recovery of the start */
        reply = begin_endless_import(c, "fresh", &fd);
        expect_reply(reply);
        wait_until(world_has(w, "var/lib/tenantd/images/.fresh.partial"));
        kill(wait_for_worker(w), SIGKILL);
        expect_job(c, reply, "failed", "signal 9");
        wait_until(!world_has(w, "var/lib/tenantd/images/.fresh.partial")); /* recovered without a restart */
        close(fd);
        create_tenant(c, "acme"); /* and all goes on */
}

static void restart_after_kill(World *w) {
        assert_int_equal(end_process(&w->agent, SIGKILL), 128 + SIGKILL);
        start_agent(w, NULL);
}

static void test_agent_killed_in_an_import(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_reply_ DBusMessage *reply = NULL, *none = NULL, *again = NULL;
        int fd, again_fd;
        pid_t worker;

        wait_for_no_worker(w->agent);
        reply = begin_endless_import(c, "fresh", &fd);
        expect_reply(reply);
        wait_until(world_has(w, "var/lib/tenantd/images/.fresh.partial"));
        kill(w->agent, SIGSTOP); /* nor tell of the end of a job whose number comes again */
        worker = wait_for_worker(w);
        kill(-worker, SIGKILL); /* it must not tidy up for itself */
        assert_int_equal(end_process(&w->agent, SIGKILL), 128 + SIGKILL);
        wait_until(kill(-worker, 0) < 0); /* as systemd does before it starts a unit again */
        start_agent(w, NULL);
        c = client_close(c); /* with what the first agent may have said of a job of the same number */
        c = client_open(w, 0);
        none = client_call(c, MANAGER_PATH, MANAGER, "RemoveImage", "sD", "fresh", NULL);
        expect_error(none, "NoSuchImage", "fresh");
        wait_until(!world_has(w, "var/lib/tenantd/images/.fresh.partial"));
        again = begin_endless_import(c, "fresh", &again_fd);
        close(again_fd);
        expect_job(c, again, "failed", "BadImage");
        close(fd);
}

static void test_agent_killed_in_a_creation(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_reply_ DBusMessage *reply = NULL, *none = NULL;
        int fd, worker;

        create_tenant(c, "other"); /* so that the directory is there */
        fd = open(world_path(w, "var/lib/tenantd/tenants/.lock"), O_RDWR | O_CLOEXEC);
        assert_int_equal(flock(fd, LOCK_EX), 0);
        reply = begin_create(c, "acme", NULL, NULL);
        expect_reply(reply);
        worker = watch_worker(w); /* which waits for the lock */
        restart_after_kill(w);
        close(fd);
        wait_until(poll(&(struct pollfd){ .fd = worker, .events = POLLIN }, 1, 0) ==
                   1); /* it undoes what it did */
        close(worker);
        none = client_call(c, MANAGER_PATH, MANAGER, "GetTenant", "s", "acme");
        expect_error(none, "NoSuchTenant", "acme");
        wait_for_no_worker(w->agent);
        assert_false(world_has(w, "etc/tenantd/tenants/acme.conf"));
        assert_false(world_has(w, "var/lib/tenantd/tenants/acme"));
        assert_false(world_has(w, "var/lib/tenantd/storage/volumes/acme"));
        create_tenant(c, "acme");
}

/* True while a process waits for somebody's flock; see proc_locks(5). */
static bool waits_for_lock(pid_t pid) {
        char line[256], wanted[32];
        FILE *f = fopen("/proc/locks", "re");
        bool found = false;

        assert_non_null(f);
        snprintf(wanted, sizeof(wanted), " %d ", pid);
        while (!found && fgets(line, sizeof(line), f)) {
                found = strstr(line, "-> FLOCK") && strstr(line, wanted);
        }
        fclose(f);
        return found;
}

static void test_cancel_of_one_that_waits_for_a_lock(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_reply_ DBusMessage *reply = NULL, *cancel = NULL;
        const char *path;
        uint32_t id;
        pid_t worker;
        int fd;

        create_tenant(c, "other"); /* so that the directory is there */
        wait_for_no_worker(w->agent);
        fd = open(world_path(w, "var/lib/tenantd/tenants/.lock"), O_RDWR | O_CLOEXEC);
        assert_int_equal(flock(fd, LOCK_EX), 0);
        reply = begin_create(c, "acme", NULL, NULL);
        job_of(reply, &id, &path);
        worker = wait_for_worker(w);
        wait_until(waits_for_lock(worker));
        cancel = client_call(c, path, JOB, "Cancel", "");
        expect_reply(cancel);
        expect_job(c, reply, "canceled", "Canceled");
        close(fd);
        create_tenant(c, "acme");
}

/* More ended jobs than the agent keeps. A new client now and then: this one would drown in signals. */
static void fill_with_ended_jobs(World *w) {
        for (int i = 0; i < 26; i++) {
                _cleanup_client_ Client *c = client_open(w, 0);

                for (int k = 0; k < 10; k++) {
                        _cleanup_reply_ DBusMessage *reply =
                                client_call(c, ACME, TENANT, k % 2 ? "Stop" : "Start", "D", NULL);

                        expect_job(c, reply, "done", "");
                }
        }
}

/* Jobs wait for a recovery that cannot begin: each gets its own end, and the end of one does not disturb the next. */
static void test_nothing_can_begin(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = NULL;
        _cleanup_reply_ DBusMessage *killed = NULL, *last = NULL;
        struct rlimit before, none;
        int killed_fd, last_fd;
        char name[16];

        assert_int_equal(end_process(&w->agent, SIGTERM), 0);
        w->linger_sec = "60";
        start_agent(w, NULL);
        wait_for_no_worker(w->agent);
        c = client_open(w, 0);
        create_tenant(c, "acme");
        fill_with_ended_jobs(w);
        c = client_close(c);
        c = client_open(w, 0);
        killed = begin_endless_import(c, "killed", &killed_fd);
        expect_reply(killed);
        last = begin_endless_import(c, "last", &last_fd);
        expect_reply(last);
        kill(wait_for_worker(w), SIGKILL); /* the first: the kernel lists the oldest child first */
        expect_job(c, killed, "failed",
                   "signal 9"); /* a recovery is wanted, and waits for the last worker */
        for (size_t i = 0; i < 4; i++) {
                snprintf(name, sizeof(name), "t%zu", i);
                DBusMessage *create = begin_create(c, name, NULL, NULL);
                expect_reply(create);
                dbus_message_unref(create);
        }
        assert_int_equal(prlimit(w->agent, RLIMIT_NOFILE, NULL, &before), 0);
        none = (struct rlimit){ .rlim_cur = 3, .rlim_max = before.rlim_max };
        assert_int_equal(prlimit(w->agent, RLIMIT_NOFILE, &none, NULL), 0);
        close(last_fd);
        for (size_t failed = 0; failed < 4;) {
                _cleanup_reply_ DBusMessage *m = client_signal(c, MANAGER_PATH, "JobRemoved");
                const char *path, *result, *text;
                uint32_t id;

                assert_true(dbus_message_get_args(m, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_OBJECT_PATH,
                                                  &path, DBUS_TYPE_STRING, &result, DBUS_TYPE_STRING, &text,
                                                  DBUS_TYPE_INVALID));
                failed += strcmp(result, "failed") == 0 && strstr(text, "Cannot start a worker");
        }
        assert_int_equal(prlimit(w->agent, RLIMIT_NOFILE, &before, NULL), 0);
        close(killed_fd);
        create_tenant(c, "t1");
}

static char state_of(pid_t pid) {
        char path[64], state = 0;
        FILE *f;

        snprintf(path, sizeof(path), "/proc/%d/stat", pid);
        f = fopen(path, "re");
        if (f) {
                (void) !fscanf(f, "%*d (%*[^)]) %c", &state);
                fclose(f);
        }
        return state;
}

/* False: it ended before. */
static bool stop(pid_t pid) {
        char state = 0;

        kill(pid, SIGSTOP);
        wait_until(strchr("TtZX", state = state_of(pid)));
        return state == 'T';
}

/* CheckHost as an example of what no recovery has to wait for; stopped, since nothing else makes it long: it may end before. */
static pid_t stopped_reader(World *w, Client *c, pid_t other, uint32_t *ret_serial) {
        for (;;) {
                pid_t pid = 0;

                *ret_serial = client_send(c, MANAGER_PATH, MANAGER, "CheckHost", "");
                for (int i = 0; i < 1000 && pid == 0; i++) {
                        pid = worker_beside(w, other);
                }
                if (pid > 0 && stop(pid)) {
                        return pid;
                }
                dbus_message_unref(client_reply(c, *ret_serial));
                check_time();
        }
}

static void test_recovery_beside_a_reader(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_reply_ DBusMessage *import = NULL, *create = NULL, *check = NULL;
        bool created = false;
        pid_t reader, importer;
        uint32_t serial;
        int fd;

        wait_for_no_worker(w->agent);
        import = begin_endless_import(c, "fresh", &fd);
        expect_reply(import);
        importer = wait_for_worker(w);
        reader = stopped_reader(w, c, importer, &serial);
        kill(importer, SIGKILL);
        expect_job(c, import, "failed", "signal 9");
        create = begin_create(c, "acme", NULL, NULL); /* waits for the recovery */
        for (int i = 0; i < 1000 && !created; i++) {
                nap();
                created = world_has(w, "etc/tenantd/tenants/acme.conf");
        }
        kill(reader, SIGCONT); /* in any case: nobody else wakes it */
        assert_true(created);
        expect_job(c, create, "done", "");
        check = client_reply(c, serial);
        expect_reply(check);
        close(fd);
}

/* A job that waits for a recovery hears of the agent's end, and nothing is begun for it. */
static void test_sigterm_before_a_recovery(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_reply_ DBusMessage *killed = NULL, *last = NULL, *create = NULL;
        int killed_fd, last_fd;

        wait_for_no_worker(w->agent);
        killed = begin_endless_import(c, "killed", &killed_fd);
        expect_reply(killed);
        last = begin_endless_import(c, "last", &last_fd);
        expect_reply(last);
        kill(wait_for_worker(w), SIGKILL);
        expect_job(c, killed, "failed", "signal 9"); /* the recovery waits for the last */
        create = begin_create(c, "acme", NULL, NULL);
        expect_reply(create);
        kill(w->agent, SIGTERM);
        expect_job(c, create, "canceled", "is ending");
        assert_int_equal(end_process(&w->agent, 0), 0);
        assert_false(world_has(w, "etc/tenantd/tenants/acme.conf"));
        assert_false(world_has(w, "run/tenantd/.agent-ended-well"));
        close(killed_fd);
        close(last_fd);
}

static void test_tenants_survive_the_agent(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_reply_ DBusMessage *start = NULL;
        _cleanup_free_ char *now = NULL;

        create_tenant(c, "acme");
        start = client_call(c, ACME, TENANT, "Start", "D", NULL);
        expect_job(c, start, "done", "");
        restart_after_kill(w);
        now = get_text(c, ACME, TENANT, "State"); /* from the lock, nobody was asked */
        assert_string_equal(now, "running");
}

static void test_sigterm_cancels_and_ends(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0);
        _cleanup_reply_ DBusMessage *reply = NULL;
        int fd;

        wait_for_no_worker(w->agent);
        reply = begin_endless_import(c, "fresh", &fd);
        expect_reply(reply);
        wait_until(world_has(w, "var/lib/tenantd/images/.fresh.partial"));
        kill(w->agent, SIGTERM);
        expect_notification(w, "STOPPING=1");
        expect_job(c, reply, "canceled", "");
        assert_int_equal(end_process(&w->agent, 0), 0);
        assert_false(world_has(w, "var/lib/tenantd/images/.fresh.partial"));
        assert_true(world_has(w, "run/tenantd/.agent-ended-well"));
        close(fd);
}

static void test_lost_bus(void **state) {
        World *w = *state;

        assert_int_equal(end_process(&w->bus, SIGKILL), 128 + SIGKILL);
        assert_int_equal(end_process(&w->agent, 0), EXIT_FAILURE);
        assert_false(world_has(w, "run/tenantd/.agent-ended-well"));
}

static void test_idle(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0), *observer = client_open(w, 0);
        _cleanup_reply_ DBusMessage *reply = NULL, *objects = NULL;
        int fd;

        assert_int_equal(end_process(&w->agent, SIGTERM), 0);
        start_agent(w, "1");
        reply = begin_endless_import(c, "fresh", &fd); /* holds it, longer than the time of idleness */
        objects = client_call(observer, MANAGER_PATH, "org.freedesktop.DBus.ObjectManager",
                              "GetManagedObjects", "");
        expect_reply(objects);
        for (int i = 0; i < 150; i++) {
                nap();
        }
        close(fd);
        expect_job(c, reply, "failed", "BadImage");
        for (int i = 0; i < 150; i++) {
                nap(); /* the observer holds it now */
        }
        assert_int_equal(kill(w->agent, 0), 0);
        observer = client_close(observer);
        expect_notification(w, "STOPPING=1");
        assert_int_equal(end_process(&w->agent, 0), 0);
}

static void send_call(Raw *r, const char *member, const char *image) {
        DBusMessage *m = dbus_message_new_method_call("org.tenantd1", MANAGER_PATH, MANAGER, member);
        DBusMessageIter i, d;

        dbus_message_iter_init_append(m, &i);
        if (image) {
                dbus_message_iter_append_basic(&i, DBUS_TYPE_STRING, &image);
                dbus_message_iter_open_container(&i, DBUS_TYPE_ARRAY, "{sv}", &d);
                dbus_message_iter_close_container(&i, &d);
        }
        assert_true(raw_send(r, m));
        dbus_message_unref(m);
}

/* They were on their way when it gave up its name: what is no job is served, also after a question to polkit, and then it ends. */
static void test_calls_to_one_that_leaves(void **state) {
        World *w = *state;
        Scene s = { .w = w, .root = client_open(w, 0) };
        _cleanup_raw_ Raw *reader = NULL, *remover = NULL;
        _cleanup_reply_ DBusMessage *images = NULL, *job = NULL;

        assert_int_equal(end_process(&w->agent, SIGTERM), 0);
        start_polkit(w);
        polkit_mode(&s, "hang");
        start_agent(w, "2");
        reader = raw_open_as(w, NOBODY);
        remover = raw_open_as(w, 0);
        assert_true(reader && remover);
        kill(w->bus, SIGSTOP); /* it hears of the calls first, and of the name then */
        send_call(reader, "ListImages", NULL);
        send_call(remover, "RemoveImage", "img");
        expect_notification(w, "STOPPING=1");
        kill(w->bus, SIGCONT);
        job = raw_reply(remover, 20000);
        assert_non_null(job);
        expect_error(job, "Busy", "is ending");
        wait_until(polkit_count(&s) == 1);
        polkit_mode(&s, "yes");
        images = raw_reply(reader, 20000);
        assert_non_null(images);
        expect_reply(images);
        assert_int_equal(end_process(&w->agent, 0), 0);
        s.root = client_close(s.root);
}

/* Becomes a monitor of all that the bus carries. */
static Client *open_monitor(World *w) {
        Client *c = client_open(w, 0);
        DBusMessage *m = dbus_message_new_method_call("org.freedesktop.DBus", "/org/freedesktop/DBus",
                                                      "org.freedesktop.DBus.Monitoring", "BecomeMonitor");
        _cleanup_reply_ DBusMessage *reply = NULL;
        const char **rules = NULL;
        uint32_t flags = 0;

        dbus_message_append_args(m, DBUS_TYPE_ARRAY, DBUS_TYPE_STRING, &rules, 0, DBUS_TYPE_UINT32, &flags,
                                 DBUS_TYPE_INVALID);
        reply = client_exchange(c, m);
        dbus_message_unref(m);
        expect_reply(reply);
        return c;
}

/* The first message that the agent sends after it asked for its name is no part of getting ready. */
static void test_name_claimed_last(void **state) {
        World *w = *state;
        _cleanup_client_ Client *monitor = NULL;
        char unique[64] = "";
        bool claimed = false, watched = false;

        assert_int_equal(end_process(&w->agent, SIGTERM), 0);
        monitor = open_monitor(w);
        start_agent(w, NULL);
        while (!claimed) {
                _cleanup_reply_ DBusMessage *m = client_next(monitor);
                const char *member = dbus_message_get_member(m), *sender = dbus_message_get_sender(m);

                if (!member || !sender) {
                        continue;
                }
                watched |= strcmp(member, "Subscribe") == 0;
                if (strcmp(member, "RequestName") == 0) {
                        snprintf(unique, sizeof(unique), "%s", sender);
                        claimed = true;
                }
        }
        assert_true(watched);
        assert_int_equal(end_process(&w->agent, SIGTERM), 0);
        for (;;) {
                _cleanup_reply_ DBusMessage *m = client_next(monitor);
                const char *member = dbus_message_get_member(m), *sender = dbus_message_get_sender(m);

                if (sender && strcmp(sender, unique) == 0 &&
                    dbus_message_get_type(m) == DBUS_MESSAGE_TYPE_METHOD_CALL) {
                        assert_string_equal(member, "ReleaseName");
                        return;
                }
        }
}

static const char *unique_name(Client *c) {
        _cleanup_reply_ DBusMessage *reply = NULL;
        DBusMessage *m = dbus_message_new_method_call("org.freedesktop.DBus", "/org/freedesktop/DBus",
                                                      "org.freedesktop.DBus", "GetNameOwner");
        const char *name = "org.tenantd1", *owner;
        static char buf[64];

        dbus_message_append_args(m, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID);
        reply = client_exchange(c, m);
        dbus_message_unref(m);
        assert_true(dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &owner, DBUS_TYPE_INVALID));
        snprintf(buf, sizeof(buf), "%s", owner);
        return buf;
}

/* Counted at the bus: what the agent sends and what is sent to it, from the call to JobRemoved. systemd's signals are not its. */
static void test_messages_of_a_start(void **state) {
        World *w = *state;
        _cleanup_client_ Client *c = client_open(w, 0), *monitor = NULL;
        _cleanup_reply_ DBusMessage *start = NULL;
        const char *agent = unique_name(c);
        bool ended = false;
        int n = 0;

        create_tenant(c, "acme");
        monitor = open_monitor(w);
        start = client_call(c, ACME, TENANT, "Start", "D", NULL);
        expect_job(c, start, "done", "");
        while (!ended) {
                _cleanup_reply_ DBusMessage *m = client_next(monitor);
                const char *sender = dbus_message_get_sender(m), *to = dbus_message_get_destination(m);
                const char *member = dbus_message_get_member(m);
                bool ours = sender && strcmp(sender, agent) == 0;

                n += ours || (to && (strcmp(to, agent) == 0 || strcmp(to, "org.tenantd1") == 0));
                ended = ours && member && strcmp(member, "JobRemoved") == 0;
                assert_false(ours && member &&
                             (strcmp(member, "Reload") == 0 || strcmp(member, "ListUnits") == 0));
        }
        print_message("# a start takes %d messages\n", n);
        assert_true(n <= 12);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                WORLD_TEST(test_object_before_reply),
                WORLD_TEST(test_cancel_and_linger),
                WORLD_TEST(test_cancel_of_a_start),
                WORLD_TEST(test_jobs_exclude_each_other),
                WORLD_TEST(test_limit_of_all),
                WORLD_TEST(test_worker_killed),
                WORLD_TEST(test_agent_killed_in_an_import),
                WORLD_TEST(test_agent_killed_in_a_creation),
                WORLD_TEST(test_cancel_of_one_that_waits_for_a_lock),
                WORLD_TEST(test_nothing_can_begin),
                WORLD_TEST(test_tenants_survive_the_agent),
                WORLD_TEST(test_sigterm_cancels_and_ends),
                WORLD_TEST(test_recovery_beside_a_reader),
                WORLD_TEST(test_sigterm_before_a_recovery),
                WORLD_TEST(test_lost_bus),
                WORLD_TEST(test_idle),
                WORLD_TEST(test_calls_to_one_that_leaves),
                WORLD_TEST(test_name_claimed_last),
                WORLD_TEST(test_messages_of_a_start),
        };

        return run_world_tests(tests);
}

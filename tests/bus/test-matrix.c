/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-matrix.c: who may do what: every member of dbus/, and what the bus offers beside, × every kind of caller × everything
 * that polkit can do. What is right is in the table here, once more than in the XML and in the agent, so that neither can
 * change it alone; a member without a line here fails.
 */
#include "scene.h"
#include <grp.h>
#include <signal.h>
#include <stdio.h>

#define ROOT_ONLY NULL
#define ANYBODY ""

typedef struct Row {
        const char *member; /* Interface.Method, Interface:Property */
        const char *action;
} Row;

/* of-job: the endless import's is manage-images. A property is for everybody who may inspect: none of them is a secret. */
static const Row rows[] = {
        { "Manager.CreateTenant", "manage-tenants" },
        { "Manager.RemoveTenant", "manage-tenants" },
        { "Manager.GetTenant", "inspect" },
        { "Manager.ListTenants", "inspect" },
        { "Manager.BuildImage", "manage-images" },
        { "Manager.ImportImage", "manage-images" },
        { "Manager.ListImages", "inspect" },
        { "Manager.RemoveImage", "manage-images" },
        { "Manager.ListBackends", "inspect" },
        { "Manager.CheckHost", "inspect" },
        { "Manager:Version", "inspect" },
        { "Manager:Features", "inspect" },
        { "Tenant.Start", "control-tenants" },
        { "Tenant.Stop", "control-tenants" },
        { "Tenant.Restart", "control-tenants" },
        { "Tenant.Kill", "control-tenants" },
        { "Tenant.Set", "manage-tenants" },
        { "Tenant.GetUsage", "inspect" },
        { "Tenant.Run", "run" },
        { "Tenant:Name", "inspect" },
        { "Tenant:Uuid", "inspect" },
        { "Tenant:State", "inspect" },
        { "Tenant:Image", "inspect" },
        { "Tenant:Profile", "inspect" },
        { "Tenant:Unit", "inspect" },
        { "Tenant:IdBase", "inspect" },
        { "Tenant:IdCount", "inspect" },
        { "Tenant:Address", "inspect" },
        { "Tenant:Backends", "inspect" },
        { "Tenant:Settings", "inspect" },
        { "Docker.GetCredentials", "credentials" },
        { "Docker.Rotate", "credentials" },
        { "Docker:State", "inspect" },
        { "Docker:Endpoint", "inspect" },
        { "Docker:Port", "inspect" },
        { "Job.Cancel", "manage-images" },
        { "Job:Operation", "inspect" },
        { "Job:Tenant", "inspect" },
        { "Job:Image", "inspect" },
        { "Job:StartedByUID", "inspect" },
        { "Job:Progress", "inspect" },
        { "Job:Stage", "inspect" },
        { "Job:State", "inspect" },
        { "Job:Error", "inspect" },
        { "Image:Name", "inspect" },
        { "Image:Digest", "inspect" },
        { "Image:Source", "inspect" },
        { "Image:Profile", "inspect" },
        { "Image:SizeBytes", "inspect" },
        { "Image:Entries", "inspect" },
        { "Image:CreatedUSec", "inspect" },
        { "Backend:Kind", "inspect" },
        { "Backend:Name", "inspect" },
        { "Backend:Version", "inspect" },
        { "Backend:Summary", "inspect" },
        { "Backend:Usable", "inspect" },
        { "Backend:Advice", "inspect" },
};

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define INTROSPECTABLE "org.freedesktop.DBus.Introspectable"
#define LOG_CONTROL_PATH "/org/freedesktop/LogControl1"
#define LOG_CONTROL "org.freedesktop.LogControl1"
#define NOT_THERE "/org/tenantd1/tenant/nobody"

/* What has no XML of ours. Letters as those of client_call(); all arguments are texts. */
typedef struct Other {
        const char *path;
        const char *interface;
        const char *member;
        const char *letters;
        const char *a, *b, *c;
        const char *action;
} Other;

static const Other others[] = {
        { MANAGER_PATH, PROPERTIES, "GetAll", "s", MANAGER, NULL, NULL, "inspect" },
        { ACME, PROPERTIES, "GetAll", "s", TENANT, NULL, NULL, "inspect" },
        { ACME, PROPERTIES, "GetAll", "s", "org.tenantd1.Docker", NULL, NULL, "inspect" },
        { ACME, PROPERTIES, "GetAll", "s", "", NULL, NULL, "inspect" },
        { ACME, PROPERTIES, "Get", "ss", TENANT, "Nonsense", NULL, "inspect" },
        { ACME, PROPERTIES, "Set", "ssV", TENANT, "Image", "other", "inspect" }, /* nobody can */
        { LOG_CONTROL_PATH, PROPERTIES, "Get", "ss", LOG_CONTROL, "LogLevel", NULL, "inspect" },
        { LOG_CONTROL_PATH, PROPERTIES, "Set", "ssV", LOG_CONTROL, "LogLevel", "info", ROOT_ONLY },
        { LOG_CONTROL_PATH, PROPERTIES, "Set", "ssV", LOG_CONTROL, "LogTarget", "auto", ROOT_ONLY },
        { MANAGER_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", "", NULL, NULL, NULL,
          "inspect" },
        { "/", INTROSPECTABLE, "Introspect", "", NULL, NULL, NULL, "inspect" },
        { "/org/tenantd1/tenant", INTROSPECTABLE, "Introspect", "", NULL, NULL, NULL, "inspect" },
        { ACME, INTROSPECTABLE, "Introspect", "", NULL, NULL, NULL, "inspect" },
        { ACME, "org.freedesktop.DBus.Peer", "Ping", "", NULL, NULL, NULL, ANYBODY },
        { "/", "org.freedesktop.DBus.Peer", "GetMachineId", "", NULL, NULL, NULL, ANYBODY },
        /* Whether something is there is told to those who may know it. */
        { NOT_THERE, TENANT, "GetUsage", "", NULL, NULL, NULL, "inspect" },
        { NOT_THERE, INTROSPECTABLE, "Introspect", "", NULL, NULL, NULL, "inspect" },
        { ACME, TENANT, "Nonsense", "", NULL, NULL, NULL, "inspect" },
        { ACME, "org.tenantd1.Nonsense", "Start", "", NULL, NULL, NULL, "inspect" },
        /* No interface: no method of ours is meant. */
        { ACME, NULL, "GetUsage", "", NULL, NULL, NULL, "inspect" },
        { MANAGER_PATH, NULL, "ListTenants", "", NULL, NULL, NULL, "inspect" },
        { MANAGER_PATH, NULL, "GetManagedObjects", "", NULL, NULL, NULL, "inspect" },
};

typedef struct Matrix {
        Scene scene;
        Client *who;
        const char *mode; /* of polkit; NULL: it is not there */
        unsigned calls;
        unsigned jobs;
        bool seen[ELEMENTSOF(rows)];
} Matrix;

static Matrix matrix;

static const Row *find_row(const Member *m) {
        char name[160];

        snprintf(name, sizeof(name), "%s%c%s", m->interface + strlen("org.tenantd1."),
                 m->is_method ? '.' : ':', m->name);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                if (strcmp(rows[i].member, name) == 0) {
                        matrix.seen[i] = true;
                        return &rows[i];
                }
        }
        fail_msg("%s is in dbus/ but not here: who may have it?", name);
        return NULL;
}

/* Which reply is right: AccessDenied, a challenge, or (NULL) whatever comes of a call that is let through. */
static const char *right_error(const char *action) {
        const char *mode = matrix.mode;

        if (matrix.who == matrix.scene.root || (action && strcmp(action, ANYBODY) == 0)) {
                return NULL;
        }
        if (mode && strcmp(mode, "challenge") == 0) {
                return "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired";
        }
        if (!mode || !action) {
                return DENIED;
        }
        return strcmp(mode, "yes") == 0 || (strncmp(mode, "only org.tenantd1.", 18) == 0 &&
                                            strcmp(mode + 18, action) == 0)
                       ? NULL
                       : DENIED;
}

static void judge(const char *what, const char *action, DBusMessage *reply, bool must_succeed) {
        const char *right = right_error(action), *error = dbus_message_get_error_name(reply);
        bool refused = error && (strcmp(error, DENIED) == 0 || strstr(error, "InteractiveAuthorization"));

        matrix.calls++;
        if (right ? !error || strcmp(error, right) != 0
                  : refused || (error && (must_succeed || strstr(error, "NoReply")))) {
                fail_msg("%s, polkit %s: %s is right, not %s", what, matrix.mode ? matrix.mode : "absent",
                         right ? right : "to let it through", error ? error : "a reply");
        }
}

/* "You call too often": the agent's time is shared. */
static bool is_too_often(DBusMessage *reply) {
        const char *error = dbus_message_get_error_name(reply), *text = "";

        return error && strcmp(error, "org.tenantd1.Error.Busy") == 0 &&
               dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID) &&
               strstr(text, "too often");
}

/* Cancel, let through, ends it. */
static void renew_job(Scene *s) {
        _cleanup_reply_ DBusMessage *state = client_call(s->root, s->job, PROPERTIES, "Get", "ss", JOB,
                                                         "State"),
                                    *reply = NULL;
        DBusMessageIter i, v;
        const char *text = "", *path;
        char name[32];
        uint32_t id;

        if (dbus_message_get_type(state) == DBUS_MESSAGE_TYPE_METHOD_RETURN) {
                dbus_message_iter_init(state, &i);
                dbus_message_iter_recurse(&i, &v);
                dbus_message_iter_get_basic(&v, &text);
        }
        if (strcmp(text, "running") == 0) {
                return;
        }
        close(s->job_fd);
        snprintf(name, sizeof(name), "busy%u", ++matrix.jobs);
        reply = begin_endless_import(s->root, name, &s->job_fd);
        job_of(reply, &id, &path);
        snprintf(s->job, sizeof(s->job), "%s", path);
}

static uint32_t send_other(Client *c, const Other *o) {
        return client_send(c, o->path, o->interface, o->member, o->letters, o->a, o->b, o->c);
}

/* While polkit thinks, there is no answer; when it says no, there is. */
static DBusMessage *outwait_polkit(uint32_t serial, uint32_t asked_before, bool is_asked) {
        Client *c = matrix.who;
        DBusMessage *reply;

        if (!is_asked) {
                return client_reply(c, serial);
        }
        wait_until(polkit_count(&matrix.scene) > asked_before);
        dbus_connection_read_write(c->connection, 0);
        while ((reply = dbus_connection_pop_message(c->connection))) {
                assert_int_not_equal(dbus_message_get_reply_serial(reply), serial);
                dbus_message_unref(reply);
        }
        polkit_mode(&matrix.scene, "no");
        reply = client_reply(c, serial);
        polkit_mode(&matrix.scene, "hang");
        return reply;
}

static bool is_mode(const char *mode) {
        return matrix.mode && strcmp(matrix.mode, mode) == 0;
}

static DBusMessage *ask(const Member *m, const Other *o, const char *action) {
        uint32_t before = is_mode("hang") ? polkit_count(&matrix.scene) : 0;
        bool is_asked = matrix.who != matrix.scene.root && (!action || strcmp(action, ANYBODY) != 0);
        DBusMessage *reply = NULL;

        do {
                uint32_t serial = m ? scene_send(matrix.who, &matrix.scene, m) : send_other(matrix.who, o);

                if (reply) {
                        dbus_message_unref(reply);
                        nap();
                }
                reply = is_mode("hang") ? outwait_polkit(serial, before, is_asked)
                                        : client_reply(matrix.who, serial);
        } while (is_too_often(reply));
        if (is_mode("leave") && is_asked) {
                (void) end_process(&matrix.scene.w->polkit, SIGKILL); /* it has ended by itself */
                start_polkit(matrix.scene.w);
                polkit_mode(&matrix.scene, "leave");
        }
        return reply;
}

static void check_member(Scene *s, const Member *m) {
        const Row *row = find_row(m);
        _cleanup_reply_ DBusMessage *reply = NULL;

        if (strcmp(m->interface, JOB) == 0) {
                renew_job(s);
        }
        reply = ask(m, NULL, row->action);
        judge(row->member, row->action, reply, m->is_property);
}

static void check_others(void) {
        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                const Other *o = &others[i];
                _cleanup_reply_ DBusMessage *reply = ask(NULL, o, o->action);
                char what[256];

                snprintf(what, sizeof(what), "%s.%s of %s", o->interface ? o->interface : "", o->member,
                         o->path);
                judge(what, o->action, reply, false);
        }
}

/* The whole table for one caller while polkit is in one mood; what is refused changes no file of the agent's. */
static void check_all(Client *who, const char *mode) {
        uint64_t before;
        bool refuses = who != matrix.scene.root &&
                       (!mode || (strcmp(mode, "yes") != 0 && strncmp(mode, "only ", 5) != 0));

        matrix.who = who;
        matrix.mode = mode;
        if (mode) {
                polkit_mode(&matrix.scene, mode);
        }
        before = world_digest(matrix.scene.w);
        scene_each(&matrix.scene, true, check_member);
        check_others();
        assert_true(!refuses || world_digest(matrix.scene.w) == before);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                if (!matrix.seen[i]) {
                        fail_msg("%s is here but not in dbus/", rows[i].member);
                }
        }
}

static void open_matrix(World *w, bool polkit) {
        matrix = (Matrix){ .scene = scene_open(w, polkit) };
        wait_until(
                world_has(w, "var/lib/tenantd/images/.busy.partial")); /* the job itself changes no more */
}

static void close_matrix(void) {
        printf("# %u calls\n", matrix.calls);
        scene_close(&matrix.scene);
}

static void test_root(void **state) {
        open_matrix(*state, false);
        check_all(matrix.scene.root, NULL);
        start_polkit(matrix.scene.w);
        check_all(matrix.scene.root, "no");
        check_all(matrix.scene.root, "hang");
        assert_int_equal(polkit_count(&matrix.scene), 0); /* root is nobody to ask about */
        close_matrix();
}

/* In every group that the host has, root's included: groups count for nothing. */
static Client *open_operator(World *w) {
        gid_t groups[256];
        size_t n = 0;

        for (struct group *g; n < ELEMENTSOF(groups) && (g = getgrent());) {
                groups[n++] = g->gr_gid;
        }
        endgrent();
        assert_true(n > 10);
        return client_open_in_groups(w, WORLD_OPERATOR, groups, n);
}

static void for_callers(void (*check)(Client *)) {
        _cleanup_client_ Client *tenant = client_open(matrix.scene.w, WORLD_TENANT),
                                *manager = open_operator(matrix.scene.w);

        check(matrix.scene.user);
        check(tenant);
        check(manager);
}

static void check_absent(Client *who) {
        check_all(who, NULL);
}

static void test_no_polkit(void **state) {
        open_matrix(*state, false);
        for_callers(check_absent);
        close_matrix();
}

static void check_unwilling(Client *who) {
        static const char *const modes[] = { "no", "challenge", "error", "garbage" };

        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                check_all(who, modes[i]);
        }
}

static void test_polkit_does_not_say_yes(void **state) {
        open_matrix(*state, true);
        for_callers(check_unwilling);
        close_matrix();
}

static void check_hanging(Client *who) {
        check_all(who, "hang");
}

static void test_polkit_hangs(void **state) {
        open_matrix(*state, true);
        for_callers(check_hanging);
        close_matrix();
}

static void test_polkit_leaves(void **state) {
        open_matrix(*state, true);
        check_all(matrix.scene.user, "leave");
        close_matrix();
}

/* A yes to one action is a yes to what needs this one. */
static void check_yes(Client *who) {
        static const char *const actions[] = { "manage-tenants", "control-tenants", "run",
                                               "credentials",    "manage-images",   "inspect" };
        char mode[64];

        for (size_t i = 0; i < ELEMENTSOF(actions); i++) {
                snprintf(mode, sizeof(mode), "only org.tenantd1.%s", actions[i]);
                check_all(who, mode);
        }
        check_all(who, "yes");
}

static void test_polkit_says_yes(void **state) {
        open_matrix(*state, true);
        for_callers(check_yes);
        close_matrix();
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                WORLD_TEST(test_root),
                WORLD_TEST(test_no_polkit),
                WORLD_TEST(test_polkit_does_not_say_yes),
                WORLD_TEST(test_polkit_hangs),
                WORLD_TEST(test_polkit_leaves),
                WORLD_TEST(test_polkit_says_yes),
        };

        return world_add_users() ? run_world_tests(tests) : 77;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzzer.c: calls everything that the live agent says it has, with what no well-meaning client sends, as root and as a user, by way
 * of libdbus and as broken bytes. The agent and its workers are in a jail. After each batch the agent must be the same, answer, hold
 * no more descriptors and memory than it should, and have answered every call: with a reply, or with an error of our table or of the
 * D-Bus specification that says why. After each round all that was made must go away again by the bus, leave nothing on disk, and the
 * agent must end with status 0 (which asks its sanitizer for leaks). The time is TENANTD_FUZZ_SECONDS' or --seconds='; one seed makes
 * the same calls.
 */
#include "errors.h"
#include "hostile.h"
#include "jail.h"
#include "raw.h"
#include "scene.h"
#include "tree.h"
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define JOBS_PATH "/org/tenantd1/job"
#define SANITIZER_DIRECTORY JAIL_DIRECTORY "/sanitizer"
#define FILES_DIRECTORY JAIL_DIRECTORY "/files"
#define BATCH_MAX 24u
#define BATCHES_MIN 20u
#define ROUND_BATCHES 60u
#define GROWTH_KIB (192u * 1024u) /* with the largest messages under way, and a sanitizer's quarantine */
#define IDLE_SEC "3"
#define DESCRIPTORS_SLACK 4u
#define ERRORS_MAX 64

typedef struct Pending {
        Client *client;
        uint32_t serial;
        unsigned member;
        char text[400];
} Pending;

typedef struct ErrorCount {
        char name[128];
        unsigned n;
} ErrorCount;

typedef struct Fuzz {
        World *w;
        Client *root, *user, *control;
        Raw *raw;
        Tree tree;
        Pending pending[BATCH_MAX];
        size_t n_pending;
        ErrorCount errors[ERRORS_MAX];
        size_t n_errors;
        char batch[BATCH_MAX * 420]; /* what was sent, for whoever has to look */
        unsigned calls, replies, broken, jobs, rounds;
        unsigned descriptors, memory_kib, memory_most_kib; /* of the agent when it had begun */
        char left[65536]; /* files that there are when nothing is */
} Fuzz;

static Fuzz fuzz;
static uint64_t seed;
static unsigned seconds = 10, limit = 120;
static int log_fd = -1;

/* -- what must hold ---------------------------------------------------------------------------------------- */

/* A sanitizer of any process, workers too, writes its report to a file. */
static void check_sanitizer(void) {
        _cleanup_closedir_ DIR *dir = opendir(SANITIZER_DIRECTORY);
        char text[8192];

        assert_non_null(dir);
        for (struct dirent *e; (e = readdir(dir));) {
                int fd;
                ssize_t n;

                if (e->d_name[0] == '.') {
                        continue;
                }
                fd = openat(dirfd(dir), e->d_name, O_RDONLY | O_CLOEXEC);
                n = read(fd, text, sizeof(text) - 1);
                text[n > 0 ? n : 0] = '\0';
                close(fd);
                fail_msg("a sanitizer found: %s", text);
        }
}

static void check_agent(Fuzz *f) {
        int status;

        check_sanitizer();
        if (waitpid(f->w->agent, &status, WNOHANG) != 0) {
                f->w->agent = 0;
                fail_msg("the agent ended with wait status %#x", status);
        }
}

static void check_alive(Fuzz *f) {
        _cleanup_reply_ DBusMessage *pong =
                client_call(f->control, MANAGER_PATH, "org.freedesktop.DBus.Peer", "Ping", "");
        _cleanup_reply_ DBusMessage *list =
                client_call(f->control, MANAGER_PATH, MANAGER, "ListTenants", "");
        unsigned kib = memory_kib(f->w->agent);

        expect_reply(pong);
        expect_reply(list);
        wait_until(world_descriptors(f->w) <= f->descriptors + DESCRIPTORS_SLACK);
        f->memory_most_kib = kib > f->memory_most_kib ? kib : f->memory_most_kib;
        if (kib > f->memory_kib + GROWTH_KIB) {
                fail_msg("the agent has %u KiB, %u when it began", kib, f->memory_kib);
        }
        check_agent(f);
}

/* Of our table, or of the specification and its libraries; System.Error.* is an errno that nobody gave a name. */
static bool is_named(const char *error) {
        static const char *const standard[] = {
                "AccessDenied",     "InvalidArgs",   "InvalidSignature", "LimitsExceeded",
                "UnknownInterface", "UnknownMethod", "UnknownObject",    "UnknownProperty",
                "PropertyReadOnly", "NotSupported",  "NoSuchProperty",   "InteractiveAuthorizationRequired",
        };
        const char *ours = BUS_ERROR_PREFIX, *dbus = "org.freedesktop.DBus.Error.";

        if (strncmp(error, ours, strlen(ours)) == 0) {
                return strcmp(error_known_name(error + strlen(ours)), error + strlen(ours)) == 0;
        }
        for (size_t i = 0; i < ELEMENTSOF(standard); i++) {
                if (strncmp(error, dbus, strlen(dbus)) == 0 &&
                    strcmp(error + strlen(dbus), standard[i]) == 0) {
                        return true;
                }
        }
        return false;
}

static void count_error(Fuzz *f, const char *name) {
        size_t i = 0;

        while (i < f->n_errors && strcmp(f->errors[i].name, name) != 0) {
                i++;
        }
        if (i == f->n_errors && i < ERRORS_MAX) {
                snprintf(f->errors[f->n_errors++].name, sizeof(f->errors[0].name), "%s", name);
        }
        if (i < ERRORS_MAX) {
                f->errors[i].n++;
        }
}

static void judge(Fuzz *f, const Pending *p, DBusMessage *m) {
        const char *error = dbus_message_get_error_name(m), *text = "";

        if (!error) {
                f->replies++;
                f->tree.members[p->member].replies++;
                f->jobs += dbus_message_has_signature(m, "uo");
                return;
        }
        count_error(f, error);
        if (!dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID) || !*text ||
            !is_named(error)) {
                fail_msg("%s was answered with %s: '%s'", p->text, error, text);
        }
}

/* A job may fail; its worker may not. */
static void judge_job(DBusMessage *m) {
        static const char *const results[] = { "done", "failed", "canceled", "timeout" };
        const char *path, *result, *error;
        bool known = false;
        uint32_t id;

        if (!dbus_message_get_args(m, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_OBJECT_PATH, &path,
                                   DBUS_TYPE_STRING, &result, DBUS_TYPE_STRING, &error, DBUS_TYPE_INVALID)) {
                fail_msg("JobRemoved has the signature %s", dbus_message_get_signature(m));
        }
        for (size_t i = 0; i < ELEMENTSOF(results); i++) {
                known = known || strcmp(result, results[i]) == 0;
        }
        if (!known || strstr(error, "worker process died") ||
            (strcmp(result, "done") == 0) != (error[0] == '\0')) {
                fail_msg("job %u ended with %s: '%s'", id, result, error);
        }
}

/* -- calls --------------------------------------------------------------------------------------------------- */

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

static const Spot *pick_spot(Fuzz *f) {
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

static void send_call(Fuzz *f, Client *c, const Spot *s) {
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
static void send_signal(Fuzz *f, Client *c) {
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
static void send_broken(Fuzz *f, const Spot *s) {
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
static void drain_raw(Fuzz *f) {
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

static bool waits(const Fuzz *f, const Client *c) {
        for (size_t i = 0; i < f->n_pending; i++) {
                if (f->pending[i].client == c) {
                        return true;
                }
        }
        return false;
}

static void take(Fuzz *f, Client *c, DBusMessage *m) {
        uint32_t serial = dbus_message_get_reply_serial(m);

        if (dbus_message_is_signal(m, MANAGER, "JobRemoved")) {
                judge_job(m);
        }
        for (size_t i = 0; serial && i < f->n_pending; i++) {
                if (f->pending[i].client == c && f->pending[i].serial == serial) {
                        judge(f, &f->pending[i], m);
                        f->pending[i] = f->pending[--f->n_pending];
                        return;
                }
        }
}

static void take_all(Fuzz *f, Client *c) {
        while (waits(f, c)) {
                _cleanup_reply_ DBusMessage *m = client_next(c);

                take(f, c, m);
        }
}

/* -- jobs ---------------------------------------------------------------------------------------------------- */

static bool is_running(Fuzz *f, const char *job) {
        _cleanup_reply_ DBusMessage *m = client_call(f->control, job, PROPERTIES, "Get", "ss", JOB, "State");
        DBusMessageIter i, v;
        const char *state;

        if (dbus_message_get_type(m) != DBUS_MESSAGE_TYPE_METHOD_RETURN) {
                return false; /* its object is gone */
        }
        dbus_message_iter_init(m, &i);
        dbus_message_iter_recurse(&i, &v);
        dbus_message_iter_get_basic(&v, &state);
        return strcmp(state, "running") == 0;
}

/* How many run; asks each to end when `cancel`. */
static unsigned running_jobs(Fuzz *f, bool cancel) {
        _cleanup_reply_ DBusMessage *m =
                client_call(f->control, JOBS_PATH, "org.freedesktop.DBus.Introspectable", "Introspect", "");
        const char *xml = "", *at;
        unsigned n = 0, id;

        if (dbus_message_get_type(m) != DBUS_MESSAGE_TYPE_METHOD_RETURN) {
                return 0; /* there are none */
        }
        assert_true(dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &xml, DBUS_TYPE_INVALID));
        for (at = xml; (at = strstr(at, "<node name=\"")); at++) {
                char job[64];

                if (sscanf(at, "<node name=\"%u\"", &id) != 1) {
                        continue;
                }
                snprintf(job, sizeof(job), JOBS_PATH "/%u", id);
                if (is_running(f, job)) {
                        n++;
                        if (cancel) {
                                dbus_message_unref(client_call(f->control, job, JOB, "Cancel", ""));
                        }
                }
        }
        return n;
}

/* Jobs end by themselves, or when they are told to; the second time, a worker that does not listen is killed. */
static void settle(Fuzz *f) {
        for (unsigned pass = 0; running_jobs(f, pass == 10 || pass % 500 == 499) > 0; pass++) {
                nap();
        }
        wait_for_no_worker(f->w->agent);
}

/* -- batches and rounds -------------------------------------------------------------------------------------- */

static void set_polkit(Fuzz *f, const char *mode) {
        Scene s = { .w = f->w, .root = f->control };

        polkit_mode(&s, mode);
}

static void send_one(Fuzz *f, const Spot *s) {
        switch (hostile_below(20)) {
        case 0 ... 1:
                send_broken(f, s);
                break;
        case 2:
                send_signal(f, one_in(4) ? f->user : f->root);
                break;
        case 3 ... 5:
                send_call(f, f->user, s);
                break;
        default:
                send_call(f, f->root, s);
        }
}

static void begin_batch(Fuzz *f, unsigned number) {
        static const char *const moods[] = { "yes",  "yes",       "yes",   "no",
                                             "hang", "challenge", "error", "garbage" };

        world_renew_time();
        hostile_seed(seed, number);
        f->batch[0] = '\0';
        set_polkit(f, moods[hostile_below(ELEMENTSOF(moods))]);
}

static void end_batch(Fuzz *f) {
        dbus_connection_flush(f->root->connection);
        dbus_connection_flush(f->user->connection);
        take_all(f, f->root);
        set_polkit(f, "no"); /* who was left waiting is answered now */
        take_all(f, f->user);
        drain_raw(f);
        hostile_release();
        settle(f);
        check_alive(f);
}

static void run_batch(Fuzz *f, unsigned number) {
        unsigned n;

        begin_batch(f, number);
        n = 1 + hostile_below(BATCH_MAX - 1);
        if (number % 8 == 0) {
                tree_read(f->control, &f->tree);
        }
        for (unsigned i = 0; i < n; i++) {
                send_one(f, pick_spot(f));
        }
        end_batch(f);
}

/* Every member that there is, once, from root. */
static void sweep(Fuzz *f) {
        size_t done = 0;

        tree_read(f->control, &f->tree);
        while (done < f->tree.n_spots) {
                begin_batch(f, (unsigned) done);
                for (; done < f->tree.n_spots && f->n_pending < BATCH_MAX - 1; done++) {
                        if (f->tree.members[f->tree.spots[done].member].calls == 0) {
                                send_call(f, f->root, &f->tree.spots[done]);
                        }
                }
                end_batch(f);
        }
}

static void open_clients(Fuzz *f) {
        f->root = client_open(f->w, 0);
        f->user = client_open(f->w, NOBODY);
        f->control = client_open(f->w, 0);
}

static void close_clients(Fuzz *f) {
        f->root = client_close(f->root);
        f->user = client_close(f->user);
        f->control = client_close(f->control);
        f->raw = raw_close(f->raw);
}

static void measure_agent(Fuzz *f) {
        check_agent(f);
        f->descriptors = world_descriptors(f->w);
        f->memory_kib = memory_kib(f->w->agent);
}

/* The first text of each struct of a list. */
static size_t list_names(Client *c, const char *method, char names[static 256][64]) {
        _cleanup_reply_ DBusMessage *m = client_call(c, MANAGER_PATH, MANAGER, method, "");
        DBusMessageIter i, a, s;
        size_t n = 0;

        expect_reply(m);
        dbus_message_iter_init(m, &i);
        dbus_message_iter_recurse(&i, &a);
        for (; dbus_message_iter_get_arg_type(&a) == DBUS_TYPE_STRUCT && n < 256;
             dbus_message_iter_next(&a)) {
                const char *name;

                dbus_message_iter_recurse(&a, &s);
                dbus_message_iter_get_basic(&s, &name);
                snprintf(names[n++], 64, "%s", name);
        }
        return n;
}

/* Whatever they are and in whatever state: they can be removed. */
static void remove_all(Fuzz *f) {
        _cleanup_client_ Client *c = client_open(f->w, 0); /* whose queue is empty */
        const Pair force[] = { { "force", 'b', NULL, 1 }, { NULL } };
        char names[256][64];
        size_t n = list_names(c, "ListTenants", names);

        for (size_t i = 0; i < n; i++) {
                _cleanup_reply_ DBusMessage *reply =
                        client_call(c, MANAGER_PATH, MANAGER, "RemoveTenant", "sD", names[i], force);

                expect_job(c, reply, "done", "");
        }
        n = list_names(c, "ListImages", names);
        for (size_t i = 0; i < n; i++) {
                _cleanup_reply_ DBusMessage *reply =
                        client_call(c, MANAGER_PATH, MANAGER, "RemoveImage", "sD", names[i], NULL);

                expect_job(c, reply, "done", "");
        }
}

static char *listing;

static int list_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        size_t n = strlen(listing);

        snprintf(listing + n, sizeof(fuzz.left) - n, "%s%s\n", path, type == FTW_D ? "/" : "");
        return 0;
}

/* What is on disk when there is nothing: the same after each round, in the order of the names. */
static void list_files(Fuzz *f, char to[static sizeof(fuzz.left)]) {
        listing = to;
        to[0] = '\0';
        assert_int_equal(nftw(f->w->dir, list_entry, 16, FTW_PHYS), 0);
}

static int compare_lines(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static void sort_lines(char *text) {
        char *lines[1024], *copy = strdup(text), *save = NULL;
        size_t n = 0, at = 0;

        for (char *line = strtok_r(copy, "\n", &save); line && n < 1024;
             line = strtok_r(NULL, "\n", &save)) {
                lines[n++] = line;
        }
        qsort(lines, n, sizeof(lines[0]), compare_lines);
        for (size_t i = 0; i < n; i++) {
                at += (size_t) sprintf(text + at, "%s\n", lines[i]);
        }
        free(copy);
}

static void check_nothing_left(Fuzz *f) {
        static char now[sizeof(fuzz.left)];

        remove_all(f);
        wait_until(running_jobs(f, false) == 0);
        list_files(f, now);
        sort_lines(now);
        if (f->rounds++ == 0) { /* such as directories, and files for locks */
                snprintf(f->left, sizeof(f->left), "%s", now);
        } else if (strcmp(now, f->left) != 0) {
                fail_msg("all was removed, and yet there is:\n%s\nand not:\n%s", now, f->left);
        }
}

/* Logs of an hour are not kept. */
static void empty_logs(Fuzz *f) {
        char path[128];

        snprintf(path, sizeof(path), "%s/bus.log", f->w->dir);
        (void) !truncate(path, 0); /* only to save memory */
        (void) !truncate(world_path(f->w, "calls"), 0);
        (void) !ftruncate(log_fd, 0);
}

/* Something to call. */
static void furnish(Fuzz *f) {
        static const char *const names[] = { "acme", "rival", "fail1", "slow1" };
        _cleanup_reply_ DBusMessage *start = NULL, *import = NULL;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_reply_ DBusMessage *made = begin_create(f->root, names[i], "Docker.Enabled", "yes");

                expect_job(f->root, made, "done", "");
        }
        start = client_call(f->root, ACME, TENANT, "Start", "D", NULL);
        expect_job(f->root, start, "done", "");
        import = client_call(f->root, MANAGER_PATH, MANAGER, "ImportImage", "sVD", "small",
                             FILES_DIRECTORY "/good.tar", NULL);
        expect_job(f->root, import, "done", "");
}

/* One that would end when nobody calls for a while does not while somebody follows its objects: root does. */
static void begin_round(Fuzz *f) {
        open_clients(f);
        start_agent(f->w, f->rounds % 2 ? IDLE_SEC : NULL);
        dbus_message_unref(client_call(f->root, MANAGER_PATH, "org.freedesktop.DBus.ObjectManager",
                                       "GetManagedObjects", ""));
        measure_agent(f);
        furnish(f);
}

/* Ends as it does when told to, or (every other time) by itself when nobody is there; either way well. */
static void end_round(Fuzz *f) {
        bool idle = f->rounds % 2;
        int status;

        world_renew_time();
        check_nothing_left(f);
        close_clients(f);
        status = end_process(&f->w->agent, idle ? 0 : SIGTERM);
        check_sanitizer();
        if (status != 0) {
                fail_msg("the agent ended with status %d", status);
        }
        empty_logs(f);
        world_make_image();
}

static double now_sec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

/* A run that reached nothing would prove nothing. */
static void check_reach(const Fuzz *f) {
        unsigned methods = 0, never = 0;

        for (size_t i = 0; i < f->tree.n_members; i++) {
                const TreeMember *m = &f->tree.members[i];

                if (m->calls == 0) {
                        fail_msg("%s.%s was never called", m->interface, m->name);
                }
                methods += !m->is_property;
                if (m->replies == 0) {
                        never++;
                        printf("# never succeeded in %u calls: %s.%s\n", m->calls, m->interface, m->name);
                }
        }
        printf("# %zu members, %u of them methods\n", f->tree.n_members, methods);
        assert_true(f->tree.n_members > 60 && methods > 25 && never < f->tree.n_members / 2);
        assert_true(f->jobs > 0 && f->broken > 0 && f->n_errors > 5);
}

static void print_sums(const Fuzz *f, unsigned batches, double time) {
        printf("# %.0f s, %u batches, %u calls, %u replies, %u jobs, %u broken messages, %u rounds\n", time,
               batches, f->calls, f->replies, f->jobs, f->broken, f->rounds);
        printf("# memory of the agent: at most %u KiB\n", f->memory_most_kib);
        for (size_t i = 0; i < f->n_errors; i++) {
                printf("# %8u %s\n", f->errors[i].n, f->errors[i].name);
        }
}

static void test_fuzz(void **state) {
        Fuzz *f = &fuzz;
        double begin = now_sec();
        unsigned batches = 0;

        f->w = *state;
        start_polkit(f->w);
        open_clients(f);
        furnish(f);
        end_round(f); /* what the first tenants leave for good is there now */
        begin_round(f);
        sweep(f);
        while (batches < BATCHES_MIN || now_sec() - begin < seconds) {
                run_batch(f, ++batches);
                if (batches % ROUND_BATCHES == 0) {
                        end_round(f);
                        begin_round(f);
                }
        }
        end_round(f);
        print_sums(f, batches, now_sec() - begin);
        check_reach(f);
        f->batch[0] = '\0';
}

static int tear_down(void **state) {
        if (fuzz.w) {
                close_clients(&fuzz);
        }
        printf("%s", fuzz.batch); /* of the batch that failed */
        return world_tear_down(state);
}

/* Reports of sanitizers go to files, and all else that is said to memory: it is shown when something failed. */
static void set_outputs(void) {
        char options[512];

        for (const char *const *name = (const char *const[]){ "ASAN_OPTIONS", "UBSAN_OPTIONS", NULL }; *name;
             name++) {
                const char *before = getenv(*name);

                snprintf(options, sizeof(options),
                         "%s%slog_path=" SANITIZER_DIRECTORY "/report:quarantine_size_mb=16",
                         before ? before : "", before ? ":" : "");
                setenv(*name, options, 1);
        }
        assert_int_equal(mkdir(SANITIZER_DIRECTORY, 0777), 0);
        log_fd = memfd_create("log", MFD_CLOEXEC);
        assert_true(fcntl(log_fd, F_SETFL, O_APPEND) == 0);
}

static void show_log(void) {
        static char text[16384];
        off_t size = lseek(log_fd, 0, SEEK_END),
              at = size > (off_t) sizeof(text) ? size - (off_t) sizeof(text) : 0;
        ssize_t n = pread(log_fd, text, sizeof(text), at);

        (void) !write(STDERR_FILENO, text, n > 0 ? (size_t) n : 0); /* nothing to do about it */
}

static int fuzz_world(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(test_fuzz, world_set_up,
                                                                            tear_down) };

        assert_true(dup2(log_fd, STDERR_FILENO) >= 0);
        world_directory = JAIL_DIRECTORY;
        world_limit_sec = limit;
        hostile_make_files(FILES_DIRECTORY);
        return run_world_tests(tests);
}

/* The tests are a process of their own, so that their end is told, too. */
static int fuzz_in_jail(void) {
        int status = 0;
        pid_t pid;

        setvbuf(stdout, NULL, _IOLBF, 0);
        printf("# seed %llu, %u s\n", (unsigned long long) seed, seconds);
        set_outputs();
        pid = fork();
        if (pid == 0) {
                exit(fuzz_world());
        }
        if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
                show_log();
        }
        return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

static bool parse_options(int argc, char **argv) {
        static const struct option table[] = { { "seed", required_argument, NULL, 's' },
                                               { "seconds", required_argument, NULL, 't' },
                                               { "limit", required_argument, NULL, 'l' },
                                               { 0 } };
        const char *given = getenv("TENANTD_FUZZ_SECONDS");
        int c;

        while ((c = getopt_long(argc, argv, "", table, NULL)) >= 0) {
                if (c == 's') {
                        seed = strtoull(optarg, NULL, 0);
                } else if (c == 't') {
                        seconds = (unsigned) strtoul(optarg, NULL, 10);
                } else if (c == 'l') {
                        limit = (unsigned) strtoul(optarg, NULL, 10);
                } else {
                        return false;
                }
        }
        if (given && *given) {
                seconds = (unsigned) strtoul(given, NULL, 10);
        }
        return optind == argc;
}

int main(int argc, char **argv) {
        seed = (uint64_t) time(NULL);
        if (!parse_options(argc, argv)) {
                fprintf(stderr,
                        "usage: %s [--seed=NUMBER] [--seconds=NUMBER] [--limit=SECONDS-OF-A-BATCH]\n",
                        argv[0]);
                return 2;
        }
        return jail_run(fuzz_in_jail);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzzer.c: calls everything that the live agent says it has, with what no well-meaning client sends, as root and as a user, by way
 * of libdbus and as broken bytes. The agent and its workers are in a jail. After each batch the agent must be the same, answer, hold
 * no more descriptors and memory than it should, and have answered every call: with a reply, or with an error of our table or of the
 * D-Bus specification that says why. After each round all that was made must go away again by the bus, leave nothing on disk, and the
 * agent must end with status 0 (which asks its sanitizer for leaks). The time is TENANTD_FUZZ_SECONDS' or --seconds='; one seed makes
 * the same calls.
 */
#include "fuzz.h"
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define JOBS_PATH "/org/tenantd1/job"
#define FILES_DIRECTORY JAIL_DIRECTORY "/files"
#define BATCHES_MIN 20u
#define ROUND_BATCHES 60u
#define IDLE_SEC "3"

static Fuzz fuzz;
static uint64_t seed;
static unsigned seconds = 10, limit = 120;
static int log_fd = -1;

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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-ctl.c: what an operator sees of tenantctl: tables, JSON, errors, exit statuses, jobs. Real program,
 * private bus, fake service.
 */
#include "harness.h"
#include "io.h"
#include <fcntl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static inline void json_put_p(json_object **o) {
        json_object_put(*o);
}

static json_object *parsed(const char *text) {
        json_object *o = json_tokener_parse(text);

        if (!o) {
                print_error("no JSON:\n%s\n", text);
                fail();
        }
        return o;
}

/* Value at a JSON pointer, as text. */
static const char *at(json_object *o, const char *pointer) {
        json_object *value = NULL;

        if (json_pointer_get(o, pointer, &value) != 0) {
                print_error("no %s in %s\n", pointer, json_object_to_json_string(o));
                fail();
        }
        return json_object_get_string(value);
}

static void test_list_table(void **state) {
        World *w = *state;

        assert_int_equal(ctl(w, "list"), 0);
        /* aligned by width on the screen, not by bytes; the escape of a hostile text is gone */
        assert_string_equal(w->out, "NAME   STATE        IMAGE   ADDRESS   DOCKER\n"
                                    "acme   running      débian  10.9.0.2  tcp://192.0.2.1:20001\n"
                                    "rival  stopped?[2J  debian  -         -\n"
                                    "\n2 tenants.\n");
        assert_string_equal(w->err, "tenantctl: rival: rival.conf:3: unknown key\n");
        assert_int_equal(ctl(w, "list|--no-legend"), 0);
        assert_lacks(w->out, "NAME");
        assert_lacks(w->out, "tenants");
        assert_int_equal(ctl(w, "list|-q"), 0);
        assert_string_equal(w->out, "acme\nrival\n");
}

static void test_list_json(void **state) {
        World *w = *state;
        _cleanup_(json_put_p) json_object *o = NULL;

        assert_int_equal(ctl(w, "--json|list"), 0);
        o = parsed(w->out);
        assert_int_equal(json_object_array_length(o), 2);
        assert_string_equal(at(o, "/0/Name"), "acme");
        assert_string_equal(at(o, "/0/State"), "running");
        assert_string_equal(at(o, "/0/Address"), "10.9.0.2");
        assert_string_equal(at(o, "/1/State"), "stopped\033[2J");
}

static void test_colour_only_on_terminal(void **state) {
        World *w = *state;
        char shown[8192] = "";
        int fd;
        pid_t pid = ctl_on_terminal(w, "list", &fd);

        assert_int_equal(terminal_finish(pid, fd, shown, sizeof(shown)), 0);
        assert_has(shown, "\033[32mrunning");
        setenv("NO_COLOR", "1", 1);
        shown[0] = '\0';
        pid = ctl_on_terminal(w, "list", &fd);
        assert_int_equal(terminal_finish(pid, fd, shown, sizeof(shown)), 0);
        assert_lacks(shown, "\033[32m");
}

static void test_create(void **state) {
        World *w = *state;
        _cleanup_free_ char *calls = NULL;

        assert_int_equal(ctl(w, "create|blue|--image=debian|Cgroup.MemoryMax=1G|Docker.Enabled=a=b"), 0);
        assert_string_equal(w->out, "blue: created\n");
        calls = calls_seen(w);
        assert_has(calls, "Member=CreateTenant");
        assert_has(calls, "STRING \"Image\"");
        assert_has(calls, "STRING \"Cgroup.MemoryMax\"");
        assert_has(calls, "STRING \"1G\"");
        assert_has(calls, "STRING \"a=b\"");
        assert_has(calls, "Flags=4"); /* may ask for a password */
}

static void test_no_ask_password(void **state) {
        World *w = *state;
        _cleanup_free_ char *calls = NULL;

        assert_int_equal(ctl(w, "create|blue|--no-ask-password"), 0);
        calls = calls_seen(w);
        assert_has(calls, "Member=CreateTenant");
        assert_lacks(calls, "Flags=4");
}

static void test_create_usage(void **state) {
        World *w = *state;
        _cleanup_free_ char *calls = NULL;

        assert_int_equal(ctl(w, "create"), 2);
        assert_int_equal(ctl(w, "create|blue|MemoryMax"), 2);
        assert_has(w->err, "'MemoryMax' is not KEY=VALUE");
        assert_int_equal(ctl(w, "create|blue|=1"), 2);
        assert_int_equal(ctl(w, "create|blue|A=1|A=2"), 2);
        assert_has(w->err, "A is given twice");
        assert_int_equal(ctl(w, "create|blue|--image=x|Image=y"), 2);
        calls = calls_seen(w);
        assert_lacks(calls, "CreateTenant");
}

static void test_errors_and_statuses(void **state) {
        static const struct {
                const char *words;
                int status;
                const char *text;
        } cases[] = {
                { "create|denied", 4, "tenantctl: denied: not allowed; run this as root" },
                { "create|unready", 5, "tenantctl: unready: no cgroup v2; 'tenantctl doctor'" },
                { "create|acme", 1, "tenantctl: acme: there is a tenant 'acme' already" },
                { "create|late", 5,
                  "no activation; the service does not start: see 'journalctl -u tenantd'" },
                { "create|masked", 5, "no activation; let it start again: systemctl unmask tenantd" },
                { "create|unitless", 5, "no activation; is tenantd installed completely?" },
                { "create|unloadable", 5, "no activation; see 'systemctl status tenantd'" },
                { "create|imageless|--image=debiam", 3, "(did you mean 'debian'?)" },
                { "start|amce", 3, "tenantctl: amce: there is no such tenant (did you mean 'acme'?)" },
                { "start|zzzzzz", 3, "tenantctl: zzzzzz: there is no such tenant\n" },
                { "start|broken", 1, "tenantctl: broken: the volume is full: raise Storage.Size" },
                { "start|plain", 1, "tenantctl: plain: it took too long" },
                { "cancel|99", 3, "there is no such job" },
                { "cancel|x", 2, "'x' is no number" },
                { "statr|acme", 2, "there is no verb 'statr' (did you mean 'start'?)" },
                { "image", 2, "'image' needs a second word" },
                { "image|lits", 2, "(did you mean 'image list'?)" },
                { "list|--jsno", 2, "there is no option '--jsno' (did you mean '--json'?)" },
                { "list|-z", 2, "there is no option '-z'" },
                { "list|--force", 2, "'list' has no option --force" },
                { "list|acme", 2, "too many arguments" },
                { "show", 2, "too few arguments" },
                { "kill|acme|--signal", 2, "needs a value" },
                { "kill|acme|--signal=NOPE", 2, "'NOPE' is no signal" },
                { "image|build|x", 2, "--suite=" },
                { "run|acme|--timeout=0|--|true", 2, "--timeout takes seconds" },
        };
        World *w = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                int status = ctl(w, cases[i].words);

                if (status != cases[i].status) {
                        print_error("'%s' ended with %d:\n%s\n", cases[i].words, status, w->err);
                }
                assert_int_equal(status, cases[i].status);
                assert_has(w->err, cases[i].text);
                assert_string_equal(w->out, "");
        }
}

static void test_json_error(void **state) {
        World *w = *state;
        _cleanup_(json_put_p) json_object *o = NULL, *usage = NULL;

        assert_int_equal(ctl(w, "--json|show|amce"), 3);
        o = parsed(w->err);
        assert_string_equal(at(o, "/error/name"), "NoSuchTenant");
        assert_has(at(o, "/error/message"), "did you mean 'acme'?");
        assert_string_equal(at(o, "/error/subject"), "amce");
        assert_int_equal(ctl(w, "--json|frobnicate"), 2);
        usage = parsed(w->err);
        assert_string_equal(at(usage, "/error/name"), "Usage");
        assert_int_equal(ctl(w, "--json|show|a\377b"), 1);
        assert_has(w->err, "\"subject\":\"a\ufffdb\"");
}

static void test_no_service(void **state) {
        World *w = *state;

        stop_fake(w);
        assert_int_equal(ctl(w, "list"), 5);
        assert_has(w->err, "systemctl status tenantd");
        assert_int_equal(ctl(w, "create|blue"), 5);
        setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
        assert_int_equal(ctl(w, "list"), 5);
        assert_has(w->err, "cannot reach the system bus");
}

static void test_other_version(void **state) {
        World *w;

        assert_int_equal(world_tear_down(state), 0);
        setenv("FAKE_ODD", "1", 1);
        assert_int_equal(world_set_up(state), 0);
        unsetenv("FAKE_ODD");
        w = *state;
        assert_int_equal(ctl(w, "list"), 5);
        assert_has(w->err, "the service is of another version than tenantctl");
        assert_int_equal(ctl(w, "create|blue"), 5);
        assert_has(w->err, "the service is of another version than tenantctl");
}

static void test_service_dies(void **state) {
        World *w = *state;

        assert_int_equal(ctl(w, "start|dies"), 5);
        assert_has(w->err, "the service ended while the job was under way");
}

static void test_early_end(void **state) {
        World *w = *state;

        assert_int_equal(ctl(w, "start|early"), 0);
        assert_string_equal(w->out, "early: started\n");
}

static void test_several(void **state) {
        World *w = *state;
        _cleanup_(json_put_p) json_object *o = NULL;

        assert_int_equal(ctl(w, "stop|acme|nobody|rival"), 3);
        assert_string_equal(w->out, "acme: stopped\nrival: stopped\n");
        assert_has(w->err, "nobody: there is no such tenant");
        assert_int_equal(ctl(w, "--json|restart|acme|broken"), 1);
        o = parsed(w->out);
        assert_string_equal(at(o, "/0/Name"), "acme");
        assert_string_equal(at(o, "/0/Result"), "done");
        assert_string_equal(at(o, "/1/Result"), "failed");
        assert_has(w->err, "QuotaExceeded");
}

static void test_no_wait(void **state) {
        World *w = *state;

        assert_int_equal(ctl(w, "start|slow|--no-wait"), 0);
        assert_string_equal(w->out, "slow: job 7\n");
}

static void test_remove(void **state) {
        World *w = *state;
        _cleanup_free_ char *calls = NULL;

        assert_int_equal(ctl(w, "remove|acme"), 0);
        calls = calls_seen(w);
        assert_lacks(calls, "STRING \"force\"");
        free(calls);
        assert_int_equal(ctl(w, "remove|acme|--force|-q"), 0);
        assert_string_equal(w->out, "");
        calls = calls_seen(w);
        assert_has(calls, "STRING \"force\"");
        assert_has(calls, "BOOLEAN true");
}

static void test_progress_lines(void **state) {
        World *w = *state;

        assert_int_equal(ctl(w, "start|stages"), 0);
        assert_string_equal(w->err, "stages: fetching\nstages: unpacking\n");
        assert_int_equal(ctl(w, "start|stages|--quiet"), 0);
        assert_string_equal(w->err, "");
        assert_int_equal(ctl(w, "start|stages|--json"), 0);
        assert_string_equal(w->err, "");
}

/* The job stands at 42 percent until somebody cancels it. */
static void test_interrupt_cancels(void **state) {
        World *w = *state;
        char shown[8192] = "";
        _cleanup_free_ char *calls = NULL;
        int fd;
        pid_t pid = ctl_on_terminal(w, "start|slow", &fd);

        terminal_expect(fd, shown, sizeof(shown), "slow: unpacking  42%");
        assert_int_equal(kill(pid, SIGINT), 0);
        assert_int_equal(terminal_finish(pid, fd, shown, sizeof(shown)), 1);
        assert_has(shown, "press Ctrl-C again");
        assert_has(shown, "tenantctl: slow: canceled on request");
        calls = calls_seen(w);
        assert_has(calls, "Member=Cancel");
}

static void test_second_interrupt_leaves(void **state) {
        World *w = *state;
        char shown[8192] = "";
        int fd;
        pid_t pid = ctl_on_terminal(w, "start|mute", &fd);

        terminal_expect(fd, shown, sizeof(shown), "42%");
        assert_int_equal(kill(pid, SIGINT), 0);
        terminal_expect(fd, shown, sizeof(shown), "press Ctrl-C again");
        assert_int_equal(kill(pid, SIGINT), 0);
        assert_int_equal(terminal_finish(pid, fd, shown, sizeof(shown)), 1);
        assert_has(shown, "left while job 7 was being canceled");
}

/* Before there is a job to cancel, Ctrl-C ends tenantctl as it ends any program. */
static void test_interrupt_without_reply(void **state) {
        World *w = *state;
        _cleanup_free_ char *calls = NULL;

        assert_int_equal(ctl(w, "start|acme|hangs"), 1000 + SIGINT);
        calls = calls_seen(w);
        assert_lacks(calls, "Member=Start");
}

static void test_status(void **state) {
        World *w = *state;
        _cleanup_(json_put_p) json_object *o = NULL;

        assert_int_equal(ctl(w, "status|acme"), 0);
        assert_has(w->out, "acme - running\n");
        assert_has(w->out, "   Address: x?[31my\n");
        assert_has(w->out, "    Memory: 1.5G/2.0G\n");
        assert_has(w->out, "     Tasks: 12\n"); /* no limit: none shown */
        assert_has(w->out, "  Host ids: 603979776-604241919\n");
        assert_has(w->out, "tcp://192.0.2.1:20001\n");
        assert_int_equal(ctl(w, "status|rival"), 0);
        assert_lacks(w->out, "Docker");
        assert_lacks(w->out, "Memory:");
        assert_int_equal(ctl(w, "status"), 0);
        assert_has(w->out, "Tenants: 2, 1 running");
        assert_int_equal(ctl(w, "status|acme|-j"), 0);
        o = parsed(w->out);
        assert_string_equal(at(o, "/0/Usage/MemoryBytes"), "1610612736");
        assert_string_equal(at(o, "/0/Docker/Endpoint"), "tcp://192.0.2.1:20001");
}

static void test_show(void **state) {
        World *w = *state;

        assert_int_equal(ctl(w, "show|acme"), 0);
        assert_has(w->out, "State=running\n");
        assert_has(w->out, "Settings.Cgroup.MemoryMax=2G\n");
        assert_int_equal(ctl(w, "show|acme|--property=State,Settings"), 0);
        assert_string_equal(w->out,
                            "State=running\nSettings.Cgroup.MemoryMax=2G\nSettings.Storage.Size=20G\n");
        assert_int_equal(ctl(w, "show|acme|-p|State|-q"), 0);
        assert_string_equal(w->out, "running\n");
        assert_int_equal(ctl(w, "show|acme|-p|Stat"), 1);
        assert_has(w->err, "there is no property 'Stat' (did you mean 'State'?)");
        assert_int_equal(ctl(w, "show|acme|-p|State|--json"), 0);
        assert_string_equal(w->out, "{\"State\":\"running\"}\n");
        assert_int_equal(ctl(w, "show|acme|-p|Settings.Storage.Size|--json"), 0);
        assert_string_equal(w->out, "{\"Settings.Storage.Size\":\"20G\"}\n");
        assert_int_equal(ctl(w, "show|acme|-p|Settings.Cgroup|--json"), 0);
        assert_string_equal(w->out, "{\"Settings.Cgroup\":{\"MemoryMax\":\"2G\"}}\n");
        assert_int_equal(ctl(w, "show|acme|-p|Settings.Cgrou|--json"), 1);
}

static void test_usage(void **state) {
        World *w = *state;

        assert_int_equal(ctl(w, "usage|acme|rival"), 0);
        assert_string_equal(w->out, "NAME    CPU     MEMORY  TASKS  DISK  RECEIVED  SENT  OOM\n"
                                    "acme   3.2s  1.5G/2.0G     12     -         -     -    -\n"
                                    "rival     -          -      -  4.0K         -     -    -\n"
                                    "\n2 tenants.\n");
        assert_int_equal(ctl(w, "usage|nobody"), 3);
        assert_string_equal(w->out, "");
        assert_int_equal(ctl(w, "usage"), 0);
        assert_has(w->out, "rival");
}

static void test_set_and_kill(void **state) {
        World *w = *state;
        _cleanup_free_ char *calls = NULL;

        assert_int_equal(ctl(w, "set|acme|Cgroup.MemoryMax=1G|Network.Address=auto"), 0);
        assert_string_equal(w->out, "acme: Cgroup.MemoryMax is in effect\n"
                                    "acme: Network.Address takes effect at the next start\n");
        assert_int_equal(ctl(w, "kill|acme|--signal=sigusr1"), 0);
        assert_int_equal(ctl(w, "kill|acme|-s|RTMIN+3"), 0);
        assert_int_equal(ctl(w, "kill|acme|-s|SIGIO"), 0);
        assert_int_equal(ctl(w, "kill|acme|-s|iot"), 0);
        assert_int_equal(ctl(w, "kill|acme|-s|CLD"), 0);
        assert_int_equal(ctl(w, "kill|acme"), 0);
        calls = calls_seen(w);
        assert_has(calls, "INT32 10;");
        assert_has(calls, "INT32 37;");
        assert_has(calls, "INT32 29;");
        assert_has(calls, "INT32 6;");
        assert_has(calls, "INT32 17;");
        assert_has(calls, "INT32 15;");
}

static void test_run(void **state) {
        World *w = *state;
        _cleanup_(json_put_p) json_object *o = NULL;

        assert_int_equal(ctl(w, "run|acme|--|exit|17"), 17);
        assert_int_equal(ctl(w, "run|acme|exit|17|--json"), 17); /* the command's own option */
        assert_string_equal(w->out, "");
        w->input = "hello\n";
        assert_int_equal(ctl(w, "run|acme|--|cat"), 0);
        assert_string_equal(w->out, "hello\n");
        assert_string_equal(w->err, "warned\n");
        assert_int_equal(ctl(w, "run|acme|--timeout=5|--|late"), 124);
        assert_has(w->err, "took too long");
        assert_int_equal(ctl(w, "run|acme|--|much"), 1);
        assert_has(w->err, "acme: the command wrote more than 1 MiB");
        assert_int_equal(ctl(w, "--json|run|acme|--|binary"), 0);
        o = parsed(w->out);
        assert_string_equal(at(o, "/OutputBase64"), "/wAB");
        assert_string_equal(at(o, "/Errors"), "warned\n");
        assert_string_equal(at(o, "/Truncated"), "false");
}

static void test_run_input_bounded(void **state) {
        World *w = *state;
        _cleanup_free_ char *big = malloc(1024 * 1024 + 2);

        assert_non_null(big);
        memset(big, 'x', 1024 * 1024 + 1);
        big[1024 * 1024 + 1] = '\0';
        w->input = big;
        assert_int_equal(ctl(w, "run|acme|--|cat"), 1);
        assert_has(w->err, "standard input is larger than 1048576 bytes");
        big[1024 * 1024] = '\0';
        w->input = big;
        assert_int_equal(ctl(w, "run|acme|--|true"), 0);
}

static void test_images(void **state) {
        World *w = *state;
        _cleanup_free_ char *calls = NULL;

        assert_int_equal(ctl(w, "image|list"), 0);
        assert_has(w->out, "debian  docker   1.5G      -  2023-11-14 22:13  -\n");
        assert_has(w->out, "1 image.\n");
        w->input = "TAR-BYTES";
        assert_int_equal(ctl(w, "image|import|blue|-"), 0);
        assert_string_equal(w->out, "blue: imported\n");
        assert_int_equal(ctl(w, "image|import|blue|/nonexistent.tar"), 1);
        assert_has(w->err, "cannot open '/nonexistent.tar'");
        assert_int_equal(ctl(w, "image|import|blue|/"), 1);
        assert_has(w->err, "is a directory");
        assert_int_equal(
                ctl(w, "image|build|blue|--suite=bookworm|--profile=docker|--package=vim|--package=jq"), 0);
        assert_int_equal(ctl(w, "image|remove|blue"), 0);
        calls = calls_seen(w);
        assert_has(calls, "CONTENT TAR-BYTES");
        assert_has(calls, "STRING \"bookworm\"");
        assert_has(calls, "STRING \"vim\"");
        assert_has(calls, "STRING \"jq\"");
        assert_has(calls, "Member=RemoveImage");
}

/* Whatever the file is called: the service gets a text that it takes. */
static void test_import_of_odd_path(void **state) {
        World *w = *state;
        char name[512], words[640], source[512] = "STRING \"";
        _cleanup_free_ char *calls = NULL;

        for (size_t i = 0; i < 120; i++) {
                memcpy(name + 2 * i, "\u00e9", 3);
        }
        assert_int_equal(mkdir(world_file(w, name), 0700), 0);
        /* 256 bytes with the rest, but for half a character */
        memcpy(source + strlen(source), name, 2 * 118);
        strcat(source, "/a?\ufffd, my file.tar\"");
        strcat(name, "/a\001\377, my file.tar");
        snprintf(words, sizeof(words), "image|import|blue|%s", world_file(w, name));
        close(open(world_file(w, name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        assert_int_equal(ctl(w, words), 0);
        calls = calls_seen(w);
        assert_has(calls, source);
}

static void test_host(void **state) {
        World *w = *state;

        assert_int_equal(ctl(w, "backends"), 0);
        assert_has(w->out, "directory  storage  0.1      yes     plain directories\n");
        assert_has(w->out, "routed     network  -        no      load nf_tables\n");
        assert_int_equal(ctl(w, "doctor"), 1);
        assert_has(w->out, "quota    error   mount the store with prjquota\n");
        assert_int_equal(ctl(w, "doctor|--json"), 1);
        assert_has(w->out, "\"Result\":\"error\"");
        assert_int_equal(ctl(w, "doctor|--quiet"), 1);
        assert_string_equal(w->out, "");
}

static void test_doctor_warning(void **state) {
        World *w;

        assert_int_equal(world_tear_down(state), 0);
        setenv("FAKE_QUOTA", "warning", 1);
        assert_int_equal(world_set_up(state), 0);
        unsetenv("FAKE_QUOTA");
        w = *state;
        assert_int_equal(ctl(w, "doctor"), 0);
        assert_has(w->out, "warning");
}

static void test_jobs(void **state) {
        World *w = *state;

        assert_int_equal(ctl(w, "jobs"), 0);
        assert_string_equal(w->out, "0 jobs.\n");
        assert_int_equal(ctl(w, "start|slow|--no-wait"), 0);
        assert_int_equal(ctl(w, "jobs"), 0);
        assert_has(w->out, "7   create     slow  running   42%    -  unpacking\n");
        assert_int_equal(ctl(w, "cancel|7"), 0);
        assert_int_equal(ctl(w, "jobs|-q"), 0);
        assert_string_equal(w->out, "");
}

static void assert_mode(const char *path, mode_t mode) {
        struct stat st;

        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, mode);
}

static void test_docker_env(void **state) {
        World *w = *state;
        char expected[512];

        assert_int_equal(ctl(w, "docker-env|acme"), 0);
        snprintf(expected, sizeof(expected),
                 "unset DOCKER_CONTEXT\nexport DOCKER_HOST='tcp://192.0.2.1:20001' DOCKER_TLS_VERIFY=1 "
                 "DOCKER_CERT_PATH='%s/.docker/tenants/acme'\n",
                 w->dir);
        assert_string_equal(w->out, expected);
        assert_mode(world_file(w, ".docker/tenants/acme"), 0700);
        assert_mode(world_file(w, ".docker/tenants/acme/key.pem"), 0600);
        assert_mode(world_file(w, ".docker/tenants/acme/ca.pem"), 0600);
        assert_int_equal(ctl(w, "docker-env|acme|--json"), 0);
        assert_lacks(w->out, "SECRET");
        assert_has(w->out, "/.docker/tenants/acme/key.pem");
        assert_int_equal(ctl(w, "docker-env|rival"), 1);
        assert_has(w->err, "this tenant has no Docker; turn it on: tenantctl set rival Docker.Enabled=yes");
        setenv("XDG_DATA_HOME", world_file(w, "data"), 1);
        assert_int_equal(ctl(w, "docker-env|acme"), 0);
        assert_has(w->out, "/data/docker/tenants/acme'");
}

/* What is printed survives a shell, whatever the directory is called. */
static void test_docker_env_quoting(void **state) {
        World *w = *state;
        char command[512], line[256] = "";
        _cleanup_fclose_ FILE *f = NULL;
        FILE *shell;

        assert_int_equal(chdir(w->dir), 0);
        assert_int_equal(ctl(w, "docker-env|acme|--dir=it's $(touch owned)"), 0);
        f = fopen(world_file(w, "env.sh"), "we");
        assert_non_null(f);
        fputs(w->out, f);
        fflush(f);
        snprintf(command, sizeof(command), "eval \"$(cat '%s/env.sh')\"; printf '%%s' \"$DOCKER_CERT_PATH\"",
                 w->dir);
        shell = popen(command, "re");
        assert_non_null(shell);
        assert_non_null(fgets(line, sizeof(line), shell));
        assert_int_equal(pclose(shell), 0);
        assert_has(line, "/it's $(touch owned)");
        assert_int_not_equal(access(world_file(w, "owned"), F_OK), 0);
        assert_int_equal(chdir("/"), 0);
}

static void test_docker_env_shell(void **state) {
        World *w = *state;

        write_program(w, "sh", "echo \"$DOCKER_HOST $DOCKER_TLS_VERIFY ${DOCKER_CONTEXT-none}\"\nexit 9");
        setenv("SHELL", world_file(w, "bin/sh"), 1);
        setenv("DOCKER_CONTEXT", "other", 1);
        assert_int_equal(ctl(w, "docker-env|acme|--shell"), 9);
        assert_string_equal(w->out, "tcp://192.0.2.1:20001 1 none\n");
        unsetenv("DOCKER_CONTEXT");
        setenv("SHELL", "/nonexistent", 1);
        assert_int_equal(ctl(w, "docker-env|acme|--shell"), 1);
}

/* PATH begins with the world's bin/ from now on; returns what it was (free). */
static char *use_programs(World *w) {
        char *path = strdup(getenv("PATH")), with[512];

        assert_non_null(path);
        snprintf(with, sizeof(with), "%s/bin:%s", w->dir, path);
        setenv("PATH", with, 1);
        return path;
}

/* A docker that writes down its arguments, and knows a context and its description once it was created. */
static void write_docker(World *w) {
        write_program(w, "docker",
                      "cd \"$HOME\"; for a; do echo \"[$a]\"; done >>argv; for label; do :; done\n"
                      "case $2 in inspect) cat \"context-$label\";;\n"
                      "create) echo \"[{\\\"Metadata\\\":{\\\"Description\\\":\\\"$4\\\"}}]\" "
                      ">\"context-$label\";; esac");
}

/* An ssh that connects to the same private bus. */
static void write_ssh(World *w) {
        write_program(w, "ssh",
                      "echo \"$*\" >\"$HOME/ssh-argv\"; exec systemd-stdio-bridge -p "
                      "\"$DBUS_SYSTEM_BUS_ADDRESS\"");
}

static void test_docker_context(void **state) {
        World *w = *state;
        _cleanup_free_ char *path = NULL, *argv = NULL;
        char words[256];

        write_docker(w);
        path = use_programs(w);
        assert_int_equal(ctl(w, "docker-context|acme"), 0);
        assert_string_equal(w->out, "acme: docker --context acme reaches tcp://192.0.2.1:20001\n");
        assert_int_equal(ctl(w, "docker-context|acme"), 0);
        snprintf(words, sizeof(words), "docker-context|acme|--dir=%s/a,host=evil", w->dir);
        assert_int_equal(ctl(w, words), 1);
        assert_has(w->err, "without commas");
        assert_int_not_equal(access(world_file(w, "a,host=evil"), F_OK), 0);
        setenv("PATH", "/nonexistent", 1);
        assert_int_equal(ctl(w, "docker-context|acme"), 1);
        assert_has(w->err, "there is no docker client here");
        setenv("PATH", path, 1);
        assert_int_equal(file_read(AT_FDCWD, world_file(w, "argv"), 8192, &argv, NULL), 0);
        assert_has(argv, "[context]\n[create]\n[--description]\n[tenantd: acme]\n[--docker]\n"
                         "[host=tcp://192.0.2.1:20001,ca=");
        assert_has(argv, "/.docker/tenants/acme/key.pem]\n[acme]\n");
        assert_has(argv, "[context]\n[update]\n");
        assert_lacks(argv, "SECRET");
        assert_lacks(argv, "evil");
}

/* Tenants of two hosts may have one name, and so may a context of the operator's own. */
static void test_docker_context_of_others(void **state) {
        World *w = *state;
        _cleanup_free_ char *path = NULL, *argv = NULL;

        write_docker(w);
        write_ssh(w);
        path = use_programs(w);
        assert_int_equal(system("echo '[{\"Metadata\":{}}]' >\"$HOME/context-acme\""), 0);
        assert_int_equal(ctl(w, "docker-context|acme"), 1);
        assert_has(w->err,
                   "there is a docker context 'acme' that is not this tenant's; 'docker context rm acme'");
        assert_int_equal(ctl(w, "-H|ops@srv:22|docker-context|acme"), 0);
        assert_string_equal(w->out, "acme: docker --context acme.srv_22 reaches tcp://192.0.2.1:20001\n");
        assert_int_equal(ctl(w, "-H|root@srv:22|docker-context|acme"), 0); /* whoever asks, it is the same */
        assert_int_equal(ctl(w, "-H|srv_22|docker-context|acme"), 1);
        assert_has(w->err, "'docker context rm acme.srv_22'");
        assert_int_equal(ctl(w, "-H|ops@srv|docker-env|acme"), 0);
        assert_has(w->out, "/.docker/tenants/acme.srv'");
        setenv("PATH", path, 1);
        assert_int_equal(file_read(AT_FDCWD, world_file(w, "argv"), 8192, &argv, NULL), 0);
        assert_has(argv, "[context]\n[create]\n[--description]\n[tenantd: acme on srv:22]\n");
        assert_has(argv, "/.docker/tenants/acme.srv_22/key.pem]\n[acme.srv_22]\n");
        assert_has(argv, "[context]\n[update]\n");
        assert_lacks(argv, "/.docker/tenants/acme/");
}

static void test_remote(void **state) {
        World *w = *state;
        _cleanup_free_ char *path = NULL;

        write_ssh(w);
        path = use_programs(w);
        assert_int_equal(ctl(w, "-H|ops@example|list|-q"), 0);
        assert_string_equal(w->out, "acme\nrival\n");
        assert_int_equal(access(world_file(w, "ssh-argv"), F_OK), 0);
        assert_int_equal(ctl(w, "-H|ops@example|start|acme"), 0);
        assert_int_equal(ctl(w, "-H|ops@example|image|import|x|/etc/hostname"), 1);
        assert_has(w->err, "ssh ops@example tenantctl image import x - < FILE");
        assert_int_equal(unlink(world_file(w, "bin/ssh")), 0);
        assert_int_equal(symlink("/bin/false", world_file(w, "bin/ssh")), 0);
        assert_int_equal(ctl(w, "-H|ops@example|list"), 5);
        assert_has(w->err, "cannot reach the bus of ops@example");
        assert_int_equal(ctl(w, "-H|ops@example|start|acme"), 5);
        assert_has(w->err, "cannot reach the bus of ops@example");
        setenv("PATH", path, 1);
}

static void test_help(void **state) {
        World *w = *state;

        stop_fake(w); /* needs no service */
        assert_int_equal(ctl(w, "help"), 0);
        assert_has(w->out, "  create NAME [KEY=VALUE...]");
        assert_int_equal(ctl(w, "help|image|build"), 0);
        assert_has(w->out, "--suite=SUITE");
        assert_int_equal(ctl(w, "start|--help"), 0);
        assert_has(w->out, "tenantctl start [OPTIONS...] NAME...");
        assert_int_equal(ctl(w, "help|nothing"), 2);
        assert_int_equal(ctl(w, "--json|help|nothing"), 2);
        assert_has(w->err, "there is no verb 'nothing'");
        assert_int_equal(ctl(w, "--json|help|image"), 0);
        assert_has(w->out, "\"Name\":\"image build\"");
        assert_lacks(w->out, "\"Name\":\"start\"");
        assert_int_equal(ctl(w, "--version"), 0);
        assert_has(w->out, "tenantctl ");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                CASE(test_list_table),
                CASE(test_list_json),
                CASE(test_colour_only_on_terminal),
                CASE(test_create),
                CASE(test_no_ask_password),
                CASE(test_create_usage),
                CASE(test_errors_and_statuses),
                CASE(test_json_error),
                CASE(test_no_service),
                CASE(test_service_dies),
                CASE(test_other_version),
                CASE(test_early_end),
                CASE(test_several),
                CASE(test_no_wait),
                CASE(test_remove),
                CASE(test_progress_lines),
                CASE(test_interrupt_cancels),
                CASE(test_second_interrupt_leaves),
                CASE(test_interrupt_without_reply),
                CASE(test_status),
                CASE(test_show),
                CASE(test_usage),
                CASE(test_set_and_kill),
                CASE(test_run),
                CASE(test_run_input_bounded),
                CASE(test_images),
                CASE(test_import_of_odd_path),
                CASE(test_host),
                CASE(test_doctor_warning),
                CASE(test_jobs),
                CASE(test_docker_env),
                CASE(test_docker_env_quoting),
                CASE(test_docker_env_shell),
                CASE(test_docker_context),
                CASE(test_docker_context_of_others),
                CASE(test_remote),
                CASE(test_help),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}

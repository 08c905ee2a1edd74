/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * harness-cgroup.c: cgroup-v2 on the kernel's own cgroups. Runs as the main process of a delegated unit
 * whose name begins with "contract-", one test in each (tests/host/20-cgroup.sh), and refuses to run
 * anywhere else. Arguments: cgroup-v2.so TEST.
 */
#include "harness-contract.h"
#include "io.h"
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ID_BASE 1878786048u

static int unit_fd = -1;

/* The directory of our own cgroup; only that of a unit made for this. */
static int open_unit(void) {
        _cleanup_free_ char *text = NULL, *path = NULL;
        char *name, *end;

        assert_int_equal(file_read(AT_FDCWD, "/proc/self/cgroup", 65536, &text, NULL), 0);
        name = strstr(text, "0::/");
        assert_non_null(name);
        end = strchr(name, '\n');
        assert_non_null(end);
        *end = '\0';
        assert_non_null(strstr(name, "/contract-"));
        assert_true(asprintf(&path, "/sys/fs/cgroup%s", name + 3) > 0);
        return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static const struct tenant_cgroup_ops *ops(void) {
        return &subject.ops.cgroup;
}

static char *get_all(int fd, const char *file) {
        static char text[4096];
        int f = openat(fd, file, O_RDONLY | O_CLOEXEC);
        ssize_t n = f < 0 ? -1 : read(f, text, sizeof(text) - 1);

        (void) fd_close(f); /* returns -1 always */
        text[n < 0 ? 0 : n] = '\0';
        return text;
}

/* The first line. */
static char *get(int fd, const char *file) {
        char *text = get_all(fd, file);

        text[strcspn(text, "\n")] = '\0';
        return text;
}

static bool has_controller(const char *name) {
        char list[4096];

        snprintf(list, sizeof(list), " %s ", get(unit_fd, "cgroup.controllers"));
        return strstr(list, name) != NULL;
}

static int prepare(struct subject_tenant *t, TenantError *error) {
        int fd = -1, r;

        if (unit_fd < 0) {
                unit_fd = open_unit();
        }
        assert_true(unit_fd >= 0);
        t->context.id_base = ID_BASE;
        r = ops()->prepare(&t->context, unit_fd, getpid(), &fd, error);
        return r < 0 ? r : fd;
}

static int prepared(struct subject_tenant *t) {
        TenantError error = { 0 };
        int fd = prepare(t, &error);

        if (fd < 0) {
                fail_msg("prepare: %s", error.message);
        }
        return fd;
}

/* A process born in the payload that runs f and then waits to be killed. Its pid; says by `ready` when f is
 * done. */
static pid_t spawn(int payload_fd, int (*f)(int payload_fd), int *ret_status) {
        struct clone_args args = { .flags = CLONE_INTO_CGROUP,
                                   .exit_signal = SIGCHLD,
                                   .cgroup = (uint64_t) payload_fd };
        int fds[2], status = -1;
        pid_t pid;

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        pid = (pid_t) syscall(SYS_clone3, &args, sizeof(args));
        assert_true(pid >= 0);
        if (pid == 0) {
                status = f ? f(payload_fd) : 0;
                if (write(fds[1], &status, sizeof(status)) != (ssize_t) sizeof(status)) {
                        _exit(1);
                }
                for (;;) {
                        pause();
                }
        }
        close(fds[1]);
        assert_int_equal(read(fds[0], &status, sizeof(status)), sizeof(status));
        close(fds[0]);
        if (ret_status) {
                *ret_status = status;
        } else {
                assert_int_equal(status, 0);
        }
        return pid;
}

static void assert_killed(pid_t pid) {
        int status;

        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void test_prepare_makes_the_tree(void **state) {
        static const char *const given[] = { ".", "cgroup.procs", "cgroup.threads",
                                             "cgroup.subtree_control" };
        static const char *const kept[] = { "cgroup.kill",      "cgroup.freeze",  "cgroup.max.descendants",
                                            "cgroup.type",      "memory.max",     "memory.high",
                                            "memory.oom.group", "memory.reclaim", "pids.max",
                                            "cpu.max",          "cpu.weight",     "io.weight",
                                            "memory.swap.max",  "cpuset.cpus" };
        _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true);
        _cleanup_close_ int fd = prepared(t);
        _cleanup_free_ char *text = NULL;
        struct stat st;

        for (size_t i = 0; i < ELEMENTSOF(given); i++) {
                assert_int_equal(fstatat(fd, given[i], &st, 0), 0);
                assert_int_equal(st.st_uid, ID_BASE);
                assert_int_equal(st.st_gid, ID_BASE);
        }
        for (size_t i = 0; i < ELEMENTSOF(kept); i++) {
                if (fstatat(fd, kept[i], &st, 0) == 0) {
                        assert_int_equal(st.st_uid, 0);
                        assert_int_equal(st.st_mode & 022, 0);
                }
        }
        assert_string_equal(get(fd, "cgroup.max.descendants"), "2048");
        if (has_controller("pids")) {
                assert_string_equal(get(fd, "pids.max"), "16384");
        }
        if (has_controller("memory")) {
                assert_string_equal(get(fd, "memory.oom.group"), "0");
                assert_string_equal(get(fd, "memory.max"), "max");
        }
        assert_int_equal(file_read(AT_FDCWD, "/proc/self/cgroup", 65536, &text, NULL), 0);
        assert_non_null(strstr(text, "/runner\n"));
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

/* As somebody does who knows no rules: file_write_at() itself would refuse "..". */
static int write_anywhere(int fd, const char *path, const char *text) {
        _cleanup_close_ int file = openat(fd, path, O_WRONLY | O_CLOEXEC);

        return file < 0 || write(file, text, strlen(text)) < 0 ? -errno : 0;
}

/* As the tenant's root: cgroups of his own, yes; a limit of the payload or a way out, no. */
static int act_as_tenant(int payload_fd) {
        if (setresgid(ID_BASE, ID_BASE, ID_BASE) < 0 || setresuid(ID_BASE, ID_BASE, ID_BASE) < 0) {
                return 1;
        }
        if (mkdirat(payload_fd, "mine", 0755) < 0 ||
            file_write_at(payload_fd, "mine/cgroup.procs", "0") < 0) {
                return 2;
        }
        if (file_write_at(payload_fd, "cgroup.max.descendants", "max") != -EACCES ||
            file_write_at(payload_fd, "cgroup.freeze", "1") != -EACCES) {
                return 3;
        }
        if (write_anywhere(payload_fd, "../runner/cgroup.procs", "0") != -EACCES ||
            write_anywhere(payload_fd, "../cgroup.procs", "0") != -EACCES) {
                return 4;
        }
        return 0;
}

static void test_tenant_is_held(void **state) {
        _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true);
        _cleanup_close_ int fd = prepared(t);
        pid_t pid = spawn(fd, act_as_tenant, NULL);

        assert_int_equal(ops()->release(&t->context, unit_fd, NULL), 0);
        assert_killed(pid);
}

static int make_too_many(int payload_fd) {
        char name[32];

        for (int i = 0; i < 16; i++) {
                snprintf(name, sizeof(name), "c%d", i);
                if (mkdirat(payload_fd, name, 0755) < 0) {
                        return i + 1;
                }
        }
        return mkdirat(payload_fd, "over", 0755) < 0 && errno == EAGAIN ? 0 : 100;
}

static void test_cgroups_are_limited(void **state) {
        _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true);
        _cleanup_close_ int fd = -1;

        assert_true(subject_tenant_set(t, "CgroupsMax", "16"));
        fd = prepared(t);
        pid_t pid = spawn(fd, make_too_many, NULL);
        assert_int_equal(ops()->release(&t->context, unit_fd, NULL), 0);
        assert_killed(pid);
}

/* Each limit: where its controller is, the file says it; where not, the start is refused and says what is
 * missing. */
static void test_limits(void **state) {
        static const struct {
                const char *key, *value, *controller, *file, *text;
        } table[] = {
                { "MemoryMax", "64M", "memory", "memory.max", "67108864" },
                { "MemoryHigh", "32M", "memory", "memory.high", "33554432" },
                { "CPUQuota", "150%", "cpu", "cpu.max", "150000 100000" },
                { "CPUWeight", "50", "cpu", "../cpu.weight", "50" },
                { "IOWeight", "200", "io", "../io.weight", "default 200" },
                { "AllowedCPUs", "0", "cpuset", "cpuset.cpus", "0" },
                { "TasksMax", "100", "pids", "pids.max", "100" },
                { "TasksMax", "infinity", "pids", "pids.max", "max" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true);
                _cleanup_close_ int fd = -1;
                TenantError error = { 0 };

                assert_true(subject_tenant_set(t, table[i].key, table[i].value));
                fd = prepare(t, &error);
                if (has_controller(table[i].controller)) {
                        if (fd < 0) {
                                fail_msg("%s", error.message);
                        }
                        assert_string_equal(get(fd, table[i].file), table[i].text);
                } else {
                        assert_int_equal(fd, -ENOTSUP);
                        harness_assert_error(-ENOTSUP, &error);
                        assert_non_null(strstr(error.message, table[i].controller));
                }
        }
}

/* One number, which holds on each real disk of the host; taken back live. */
static void test_disk_limits(void **state) {
        _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true),
                                                               *plain = subject_tenant_new(true);
        _cleanup_close_ int fd = -1;
        TenantError error = { 0 };

        assert_true(subject_tenant_set(t, "IOWriteIOPSMax", "500"));
        assert_true(subject_tenant_set(t, "IOReadBandwidthMax", "10M"));
        fd = prepare(t, &error);
        if (!has_controller("io")) {
                assert_int_equal(fd, -ENOTSUP);
                harness_assert_error(-ENOTSUP, &error);
                assert_non_null(strstr(error.message, "IOReadBandwidthMax= needs the cgroup controller io"));
                return;
        }
        assert_true(fd >= 0);
        assert_non_null(strstr(get_all(fd, "io.max"), " rbps=10485760 wbps=max riops=max wiops=500"));
        assert_int_equal(ops()->update(&plain->context, fd, &error), 0);
        assert_null(strstr(get_all(fd, "io.max"), "500"));
}

/* Before a tenant is made: the answer that the start would give. */
static void test_fit(void **state) {
        static const struct {
                const char *key, *value, *controller;
        } table[] = {
                { "MemoryMax", "64M", "memory" },
                { "CPUQuota", "50%", "cpu" },
                { "TasksMax", "100", "pids" },
                { "AllowedCPUs", "0", "cpuset" },
        };
        _cleanup_(subject_tenant_free_p) struct subject_tenant *plain = subject_tenant_new(true);

        assert_int_equal(ops()->fit(&plain->context, NULL), 0);
        assert_true(subject_tenant_set(plain, "CgroupsMax", "100"));
        assert_int_equal(ops()->fit(&plain->context, NULL), 0);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true);
                TenantError before = { 0 }, start = { 0 };
                int r, fd;

                assert_true(subject_tenant_set(t, table[i].key, table[i].value));
                r = ops()->fit(&t->context, &before);
                fd = prepare(t, &start);
                if (has_controller(table[i].controller)) {
                        assert_int_equal(r, 0);
                        (void) fd_close(fd); /* returns -1 always */
                } else {
                        assert_int_equal(r, -ENOTSUP);
                        harness_assert_error(-ENOTSUP, &before);
                        assert_string_equal(before.message, start.message);
                }
        }
}

static void test_update_live(void **state) {
        _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true);
        _cleanup_close_ int fd = prepared(t);
        TenantError error = { 0 };

        assert_true(subject_tenant_set(t, "CgroupsMax", "100"));
        assert_int_equal(ops()->update(&t->context, fd, &error), 0);
        assert_string_equal(get(fd, "cgroup.max.descendants"), "100");
        if (!has_controller("memory") || !has_controller("cpuset")) {
                assert_true(subject_tenant_set(t, "MemoryMax", "64M"));
                assert_int_equal(ops()->update(&t->context, fd, &error), -ENOTSUP);
                harness_assert_error(-ENOTSUP, &error);
                return;
        }
        assert_true(subject_tenant_set(t, "MemoryMax", "64M"));
        assert_true(subject_tenant_set(t, "AllowedCPUs", "0"));
        assert_int_equal(ops()->update(&t->context, fd, &error), 0);
        assert_string_equal(get(fd, "memory.max"), "67108864");
        assert_true(subject_tenant_set(t, "MemoryMax", "128M"));
        assert_true(subject_tenant_set(t, "AllowedCPUs", "8191"));
        assert_int_not_equal(ops()->update(&t->context, fd, &error), 0);
        harness_assert_error(error.code, &error);
        assert_non_null(strstr(error.message, "AllowedCPUs=8191"));
        assert_string_equal(get(fd, "memory.max"), "67108864"); /* put back */
        assert_string_equal(get(fd, "cpuset.cpus"), "0");

        _cleanup_(subject_tenant_free_p) struct subject_tenant *plain = subject_tenant_new(true);
        assert_int_equal(ops()->update(&plain->context, fd, &error), 0);
        assert_string_equal(get(fd, "memory.max"), "max");
        assert_string_equal(get(fd, "cpuset.cpus"), "");
        assert_string_equal(get(fd, "cpu.max"), "max 100000");
}

static void test_usage(void **state) {
        _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true);
        _cleanup_close_ int fd = prepared(t);
        struct tenant_cgroup_usage usage = { .struct_size = sizeof(usage) };
        pid_t pid = spawn(fd, NULL, NULL);
        TenantError error = { 0 };

        assert_int_equal(ops()->usage(&t->context, fd, &usage, &error), 0);
        assert_int_not_equal(usage.cpu_usec, UINT64_MAX);
        assert_int_equal(usage.pids, has_controller("pids") ? 1 : UINT64_MAX);
        assert_int_equal(usage.pids_limit, has_controller("pids") ? 16384 : UINT64_MAX);
        assert_int_equal(usage.oom_kills, has_controller("memory") ? 0 : UINT64_MAX);
        assert_true(usage.memory_bytes > 0);
        assert_int_equal(usage.memory_limit_bytes, UINT64_MAX);
        assert_int_equal(ops()->release(&t->context, unit_fd, NULL), 0);
        assert_killed(pid);
        assert_int_equal(ops()->usage(&t->context, fd, &usage, &error), -ENODEV);
}

static void test_freeze(void **state) {
        _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true);
        _cleanup_close_ int fd = prepared(t);
        pid_t pid = spawn(fd, NULL, NULL);
        TenantError error = { 0 };

        for (int i = 0; i < 2; i++) {
                assert_int_equal(ops()->freeze(&t->context, fd, true, &error), 0);
                assert_string_equal(get(fd, "cgroup.freeze"), "1");
                assert_non_null(strstr(get_all(fd, "cgroup.events"), "frozen 1"));
        }
        for (int i = 0; i < 2; i++) {
                assert_int_equal(ops()->freeze(&t->context, fd, false, &error), 0);
                assert_string_equal(get(fd, "cgroup.freeze"), "0");
        }
        assert_int_equal(ops()->freeze(&t->context, fd, true, &error), 0);
        assert_int_equal(ops()->kill(&t->context, fd, &error), 0); /* frozen ones die too */
        assert_killed(pid);
}

/* A hundred levels and, in each of the first ten, a few children; the process sits in the deepest. */
static int nest(int payload_fd) {
        int at = fcntl(payload_fd, F_DUPFD_CLOEXEC, 3);

        for (int depth = 0; depth < 100; depth++) {
                int next;

                for (char c = 'a'; c < 'e' && depth < 10; c++) {
                        if (mkdirat(at, (char[]){ c, '\0' }, 0755) < 0) {
                                return 1;
                        }
                }
                if (mkdirat(at, "deeper", 0755) < 0) {
                        return 2;
                }
                next = openat(at, "deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                close(at);
                at = next;
        }
        return file_write_at(at, "cgroup.procs", "0") < 0 ? 3 : 0;
}

static void test_release_removes_any_depth(void **state) {
        _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true);
        _cleanup_close_ int fd = prepared(t);
        pid_t pid = spawn(fd, nest, NULL);
        size_t fds = harness_count_fds();
        TenantError error = { 0 };

        for (int i = 0; i < 2; i++) {
                if (ops()->release(&t->context, unit_fd, &error) < 0) {
                        fail_msg("%s", error.message);
                }
                assert_int_equal(faccessat(unit_fd, "payload", F_OK, 0), -1);
        }
        assert_killed(pid);
        assert_int_equal(harness_count_fds(), fds);
}

/* A payload that a crash left: its processes and limits do not live on. */
static void test_prepare_after_a_crash(void **state) {
        _cleanup_(subject_tenant_free_p) struct subject_tenant *first = subject_tenant_new(true);
        _cleanup_(subject_tenant_free_p) struct subject_tenant *second = subject_tenant_new(true);
        _cleanup_close_ int fd = -1, again = -1;

        assert_true(subject_tenant_set(first, "CgroupsMax", "777"));
        fd = prepared(first);
        pid_t pid = spawn(fd, nest, NULL);
        again = prepared(second);
        assert_killed(pid);
        assert_string_equal(get(again, "cgroup.max.descendants"), "2048");
        assert_int_equal(faccessat(again, "deeper", F_OK, 0), -1);
        pid = spawn(again, NULL, NULL);
        assert_int_equal(ops()->release(&second->context, unit_fd, NULL), 0);
        assert_killed(pid);
}

/* Somebody else's process in the unit's own cgroup: controllers cannot be enabled then, and the operator hears why. */
static void test_foreign_process(void **state) {
        _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true);
        _cleanup_close_ int fd = -1;
        TenantError error = { 0 };
        pid_t pid = fork();

        assert_true(pid >= 0);
        while (pid == 0) {
                pause();
        }
        fd = prepare(t, &error);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_killed(pid);
        if (has_controller("pids")) {
                assert_int_equal(fd, -EBUSY);
                harness_assert_error(-EBUSY, &error);
        } else {
                assert_true(fd >= 0);
        }
}

int main(int argc, char *argv[]) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_prepare_makes_the_tree),
                cmocka_unit_test(test_tenant_is_held),
                cmocka_unit_test(test_cgroups_are_limited),
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_disk_limits),
                cmocka_unit_test(test_fit),
                cmocka_unit_test(test_update_live),
                cmocka_unit_test(test_usage),
                cmocka_unit_test(test_freeze),
                cmocka_unit_test(test_release_removes_any_depth),
                cmocka_unit_test(test_prepare_after_a_crash),
                cmocka_unit_test(test_foreign_process),
        };

        bool known = false;

        for (size_t i = 0; i < ELEMENTSOF(tests); i++) {
                if (argc == 2 && strcmp(argv[1], "--list") == 0) {
                        puts(tests[i].name);
                        known = true;
                }
                known = known || (argc == 3 && strcmp(argv[2], tests[i].name) == 0);
        }
        if (argc == 2 && known) {
                return 0;
        }
        if (argc != 3 || !known) {
                return 2;
        }
        subject_path = argv[1];
        cmocka_set_test_filter(argv[2]);
        return cmocka_run_group_tests_name("cgroup-v2", tests, subject_load, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * harness-undo.c: the kinds' operations as far as they go without a whole tenant: undo without do, twice; a
 * volume's life; a cgroup that is gone; addresses; the plan of namespaces. Owned by the contract tests.
 */
#include "harness-contract.h"
#include "io.h"
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* A directory as an operation gets it. */
static int open_directory(const char *path) {
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_true(fd >= 0);
        return fd;
}

static int undo(const struct tenant_context *context, int fd, TenantError *error) {
        int r = 0;

        switch (subject_kind) {
        case TENANT_KIND_CGROUP:
                return subject.ops.cgroup.release ? subject.ops.cgroup.release(context, fd, error) : 0;
        case TENANT_KIND_STORAGE:
                r = subject.ops.storage.detach ? subject.ops.storage.detach(context, fd, error) : 0;
                return r < 0 ? r : subject.ops.storage.destroy(context, fd, error);
        case TENANT_KIND_NETWORK:
                return subject.ops.network.release ? subject.ops.network.release(context, error) : 0;
        default:
                return 0;
        }
}

/* In namespaces of its own, so that a network backend finds an empty host. Exit status: 0, or where it
 * failed. */
static void child_undo(const char *directory) {
        _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(false);
        int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        size_t fds;

        if (subject_kind == TENANT_KIND_NETWORK &&
            (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
             mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
             mount("none", "/run", "tmpfs", MS_NOSUID | MS_NODEV, NULL) < 0)) {
                _exit(77);
        }
        fds = harness_count_fds();
        for (int i = 0; i < 3; i++) {
                TenantError error = { 0 };

                if (undo(&t->context, fd, i == 2 ? NULL : &error) < 0) {
                        fprintf(stderr, "undo number %d: %s\n", i, error.message);
                        _exit(1 + i);
                }
        }
        _exit(harness_count_fds() == fds ? 0 : 10);
}

void test_undo_without_do(void **state) {
        _cleanup_free_ char *directory = harness_directory();
        int status;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                child_undo(directory);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        harness_remove(directory);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == 77) {
                print_message("# skip: cannot make a network namespace without root\n");
                skip();
        }
        assert_int_equal(WEXITSTATUS(status), 0);
}

static bool is_null(void) {
        return strcmp(subject_name, "null") == 0;
}

/* Either the whole life of a volume, or a refusal that leaves nothing. */
void test_storage_round(void **state) {
        _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true);
        _cleanup_free_ char *store = NULL;
        _cleanup_close_ int fd = -1, mount_fd = -1;
        TenantError error = { 0 };
        int r;

        if (subject_kind != TENANT_KIND_STORAGE) {
                return;
        }
        if (!is_null()) {
                require_root();
        }
        store = harness_directory();
        fd = open_directory(store);
        assert_int_equal(fchmod(fd, 0700), 0);
        r = subject.ops.storage.provision(&t->context, fd, &error);
        if (r < 0) {
                harness_assert_error(r, &error);
                print_message("# not on this file system: %s\n", error.message);
                assert_int_equal(subject.ops.storage.attach(&t->context, fd, &mount_fd, NULL), -ENOENT);
        } else {
                struct tenant_storage_usage usage = { .struct_size = sizeof(usage) };

                assert_int_equal(subject.ops.storage.provision(&t->context, fd, &error), -EEXIST);
                harness_assert_error(-EEXIST, &error);
                assert_int_equal(subject.ops.storage.attach(&t->context, fd, &mount_fd, &error), 0);
                assert_true(fcntl(mount_fd, F_GETFD) & FD_CLOEXEC);
                if (subject.ops.storage.usage) {
                        assert_int_equal(subject.ops.storage.usage(&t->context, fd, &usage, &error), 0);
                        assert_int_equal(usage.struct_size, sizeof(usage));
                }
                mount_fd = fd_close(mount_fd);
        }
        for (int i = 0; i < 2; i++) {
                assert_int_equal(subject.ops.storage.destroy(&t->context, fd, &error), 0);
        }
        assert_int_equal(subject.ops.storage.attach(&t->context, fd, &mount_fd, NULL), -ENOENT);
        harness_remove(store);
}

/* What is asked of a tenant that has ended in the meantime is answered, not crashed on. */
void test_cgroup_gone(void **state) {
        _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true);
        struct tenant_cgroup_usage usage = { .struct_size = sizeof(usage) };
        _cleanup_free_ char *directory = NULL;
        _cleanup_close_ int fd = -1;
        TenantError error = { 0 };

        if (subject_kind != TENANT_KIND_CGROUP || is_null()) {
                return;
        }
        directory = harness_directory();
        fd = open_directory(directory);
        harness_remove(directory);
        if (subject.ops.cgroup.usage) {
                assert_int_equal(subject.ops.cgroup.usage(&t->context, fd, &usage, &error), -ENODEV);
                harness_assert_error(-ENODEV, &error);
        }
        if (subject.ops.cgroup.freeze) {
                assert_true(subject.ops.cgroup.freeze(&t->context, fd, true, NULL) < 0);
        }
        if (subject.ops.cgroup.kill) {
                assert_int_equal(subject.ops.cgroup.kill(&t->context, fd, &error), 0);
        }
}

/* Same input, same address; two indexes, two addresses; and a memory that fails is an error, not an address
 * lost. */
void test_network_allocation(void **state) {
        struct in_addr addresses[2];

        if (subject_kind != TENANT_KIND_NETWORK || !subject.ops.network.allocate) {
                return;
        }
        for (uint32_t i = 0; i < 2; i++) {
                _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true);
                struct in_addr again;

                t->context.index = i;
                for (int j = 0; j < 2; j++) {
                        assert_int_equal(subject.ops.network.allocate(&t->context, NULL, 0, NULL), 0);
                        assert_true(t->n_remembered > 0);
                        assert_int_equal(
                                subject.ops.network.address(&t->context, j ? &again : &addresses[i], NULL),
                                0);
                }
                assert_int_equal(again.s_addr, addresses[i].s_addr);
        }
        assert_int_not_equal(addresses[0].s_addr, addresses[1].s_addr);

        _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true);
        t->remember_result = -ENOSPC;
        assert_int_equal(subject.ops.network.allocate(&t->context, NULL, 0, NULL), -ENOSPC);
}

static void check_map(const struct tenant_context *c, const struct tenant_idmap *map, uint32_t n) {
        assert_in_range(n, 1, TENANT_IDMAP_MAX);
        for (uint32_t i = 0; i < n; i++) {
                assert_true(map[i].count > 0 && map[i].count <= c->id_count);
                assert_true(map[i].outside >= c->id_base);
                assert_true(map[i].outside - c->id_base <= c->id_count - map[i].count);
        }
}

/* No id outside the tenant's range, a user namespace always, and its creator is the tenant's own. */
void test_namespace_plan(void **state) {
        _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true);
        struct tenant_namespace_plan plan = { .struct_size = sizeof(plan) };
        TenantError error = { 0 };

        if (subject_kind != TENANT_KIND_NAMESPACE) {
                return;
        }
        assert_int_equal(subject.ops.namespace.describe(&t->context, &plan, &error), 0);
        assert_int_equal(plan.struct_size, sizeof(plan));
        assert_true(plan.clone_flags & CLONE_NEWUSER);
        assert_true(plan.clone_flags & CLONE_NEWPID);
        assert_true(plan.creator_uid >= t->context.id_base);
        assert_true(plan.creator_uid - t->context.id_base < t->context.id_count);
        check_map(&t->context, plan.uid_map, plan.n_uid_map);
        check_map(&t->context, plan.gid_map, plan.n_gid_map);
}

static void write_map(pid_t pid, const char *file, const struct tenant_idmap *map) {
        char path[64], text[64];

        snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
        snprintf(text, sizeof(text), "%u %u %u", map->inside, map->outside, map->count);
        assert_int_equal(file_write_at(AT_FDCWD, path, text), 0);
}

/* An init by the plan, which does nothing until it is killed. */
static pid_t start_init(const struct tenant_namespace_plan *plan, int *ret_pidfd) {
        struct clone_args args = {
                .flags = plan->clone_flags | CLONE_PIDFD,
                .pidfd = (uint64_t) (uintptr_t) ret_pidfd,
                .exit_signal = SIGCHLD,
        };
        pid_t pid = (pid_t) syscall(SYS_clone3, &args, sizeof(args));

        assert_true(pid >= 0);
        while (pid == 0) {
                pause();
        }
        write_map(pid, "uid_map", &plan->uid_map[0]);
        write_map(pid, "gid_map", &plan->gid_map[0]);
        return pid;
}

/* Enters, forks the process that would execute, and returns what that one is inside: its pid, uid, gid; or
 * enter's error. */
static int enter_and_look(const struct tenant_context *context, int pidfd, int ret[static 3]) {
        int fds[2], status;
        pid_t pid;

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                int r = subject.ops.namespace.enter(context, pidfd, NULL);

                if (r < 0) {
                        _exit(-r);
                }
                pid = fork();
                if (pid == 0) {
                        int seen[3] = { getpid(), (int) getuid(), (int) getgid() };

                        _exit(write(fds[1], seen, sizeof(seen)) == (ssize_t) sizeof(seen) ? 0 : 1);
                }
                _exit(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 1);
        }
        close(fds[1]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == 0) {
                assert_int_equal(read(fds[0], ret, 3 * sizeof(int)), 3 * sizeof(int));
        }
        close(fds[0]);
        return -WEXITSTATUS(status);
}

/* Who enters is the tenant's root in the tenant's pid namespace; and nobody enters a tenant that has ended.
 */
void test_namespace_enter(void **state) {
        _cleanup_(subject_tenant_free_p) struct subject_tenant *t = subject_tenant_new(true);
        struct tenant_namespace_plan plan = { .struct_size = sizeof(plan) };
        _cleanup_close_ int pidfd = -1;
        struct pollfd dead;
        int seen[3];
        pid_t pid;

        if (subject_kind != TENANT_KIND_NAMESPACE || !subject.ops.namespace.enter) {
                return;
        }
        require_root();
        assert_int_equal(subject.ops.namespace.describe(&t->context, &plan, NULL), 0);
        pid = start_init(&plan, &pidfd);
        assert_int_equal(enter_and_look(&t->context, pidfd, seen), 0);
        assert_int_equal(seen[0], 2); /* after init; the one that entered is not in the pid namespace */
        assert_int_equal(seen[1], 0);
        assert_int_equal(seen[2], 0);
        assert_int_equal(kill(pid, SIGKILL), 0);
        dead = (struct pollfd){ .fd = pidfd, .events = POLLIN };
        assert_int_equal(poll(&dead, 1, 10000), 1);
        assert_int_equal(enter_and_look(&t->context, pidfd, seen), -ESRCH); /* a zombie is no tenant */
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        assert_int_equal(enter_and_look(&t->context, pidfd, seen), -ESRCH);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-limits.c: limits of bytes and inodes as a tenant without privileges of the host meets them, and the
 * life of a project id. Runs only where the store's file system enforces project quotas. Owner: the storage
 * backends.
 */
#include "support.h"
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the tenant's root could write: bytes by 64 KiB, until the kernel refuses. */
static uint64_t fill_bytes(int dir_fd, const char *name) {
        static char block[65536];
        uint64_t total = 0;
        int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

        memset(block, 'x', sizeof(block));
        while (fd >= 0 && total < 4 * LIMIT_BYTES) {
                ssize_t n = write(fd, block, sizeof(block));

                if (n <= 0) {
                        return fsync(fd) < 0 && errno != EDQUOT && errno != ENOSPC ? UINT64_MAX : total;
                }
                total += (uint64_t) n;
        }
        return total;
}

static uint64_t fill_inodes(int dir_fd, const char *prefix) {
        for (unsigned i = 0; i < 4 * LIMIT_INODES; i++) {
                char name[64];

                snprintf(name, sizeof(name), "%s%u", prefix, i);
                if (mknodat(dir_fd, name, S_IFREG | 0600, 0) < 0) {
                        return i;
                }
        }
        return UINT64_MAX;
}

/* In a child without privileges of the host, as the tenant's root is seen from it. */
static uint64_t as_tenant(uint64_t (*work)(int, const char *), const char *below, const char *name) {
        uint64_t result = UINT64_MAX;
        int pipe_fds[2], dir_fd = volume_open(below);
        pid_t pid;

        assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                if (setresgid(ID_BASE, ID_BASE, ID_BASE) == 0 && setresuid(ID_BASE, ID_BASE, ID_BASE) == 0) {
                        result = work(dir_fd, name);
                }
                _exit(write(pipe_fds[1], &result, sizeof(result)) == sizeof(result) ? 0 : 1);
        }
        close(pipe_fds[1]);
        assert_int_equal(read(pipe_fds[0], &result, sizeof(result)), sizeof(result));
        close(pipe_fds[0]);
        close(dir_fd);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        return result;
}

static struct tenant_storage_usage usage_now(void) {
        struct tenant_storage_usage usage = { .struct_size = sizeof(usage) };

        expect_done(ops->usage(&acme, store_fd, &usage, &error));
        return usage;
}

static void test_limit_bytes(void **state) {
        struct tenant_storage_usage usage;
        uint64_t written;

        provision();
        usage = usage_now();
        assert_int_equal(usage.bytes_limit, LIMIT_BYTES);
        assert_int_equal(usage.inodes_limit, LIMIT_INODES);
        assert_int_equal(usage.inodes, 7);
        written = as_tenant(fill_bytes, "docker", "big");
        print_message("# %llu of %llu bytes written\n", (unsigned long long) written,
                      (unsigned long long) LIMIT_BYTES);
        assert_true(written <= LIMIT_BYTES);
        assert_true(written >= LIMIT_BYTES - MIB);
        assert_true(as_tenant(fill_bytes, "upper", "more") <= MIB);
        usage = usage_now();
        assert_true(usage.bytes <= LIMIT_BYTES);
        assert_true(usage.bytes >= written);
        destroy();
}

static void test_limit_inodes(void **state) {
        provision();
        assert_int_equal(as_tenant(fill_inodes, "upper", "i"), LIMIT_INODES - 7);
        assert_int_equal(usage_now().inodes, LIMIT_INODES);
        assert_int_equal(as_tenant(fill_inodes, "containerd", "j"), 0);
        destroy();
}

static void test_resize(void **state) {
        provision();
        assert_true(as_tenant(fill_bytes, "docker", "big") >= LIMIT_BYTES - MIB);
        set_limits(2 * LIMIT_BYTES, LIMIT_INODES);
        expect_done(ops->resize(&acme, store_fd, &error));
        assert_int_equal(usage_now().bytes_limit, 2 * LIMIT_BYTES);

        assert_int_equal(as_tenant(fill_inodes, "upper", "i"), LIMIT_INODES - 8);
        set_limits(2 * LIMIT_BYTES, LIMIT_INODES - 1);
        expect_error(ops->resize(&acme, store_fd, &error), -EDQUOT, "QuotaExceeded");
        assert_int_equal(usage_now().inodes_limit, LIMIT_INODES);

        assert_true(as_tenant(fill_bytes, "docker", "big") >= LIMIT_BYTES - MIB);
        set_limits(LIMIT_BYTES, LIMIT_INODES);
        expect_error(ops->resize(&acme, store_fd, &error), -EDQUOT, "QuotaExceeded");
        assert_int_equal(usage_now().bytes_limit, 2 * LIMIT_BYTES);

        set_limits(UINT64_MAX, UINT64_MAX);
        expect_done(ops->resize(&acme, store_fd, &error));
        assert_true(usage_now().bytes_limit == UINT64_MAX);
        assert_true(usage_now().inodes_limit == UINT64_MAX);
        assert_true(as_tenant(fill_bytes, "docker", "big") >= 2 * LIMIT_BYTES);
        destroy();
}

/* Else one tenant could leave the others space, and nothing to put into it. */
static void test_size_limits_inodes(void **state) {
        set_size(LIMIT_BYTES);
        provision();
        assert_int_equal(usage_now().inodes_limit, 16384);
        set_size(UINT64_C(1) << 30);
        expect_done(ops->resize(&acme, store_fd, &error));
        assert_int_equal(usage_now().inodes_limit, 65536);
        set_limits(LIMIT_BYTES, UINT64_MAX);
        expect_done(ops->resize(&acme, store_fd, &error));
        assert_true(usage_now().inodes_limit == UINT64_MAX);
        set_size(UINT64_MAX);
        expect_done(ops->resize(&acme, store_fd, &error));
        assert_true(usage_now().inodes_limit == UINT64_MAX);
        destroy();
}

static void test_size_is_whole_blocks(void **state) {
        set_limits(LIMIT_BYTES + 4097, UINT64_MAX);
        provision();
        assert_int_equal(usage_now().bytes_limit, LIMIT_BYTES + 4096);
        destroy();
}

/* Limits lost from the file system, or edited in the definition, are in force after the next start. */
static void test_attach_restores_limits(void **state) {
        struct if_dqblk none = { .dqb_valid = QIF_LIMITS };
        int fd = -1;

        provision();
        assert_int_equal(quota(Q_SETQUOTA, PROJECT, &none), 0);
        assert_true(usage_now().bytes_limit == UINT64_MAX);
        expect_done(ops->attach(&acme, store_fd, &fd, &error));
        close(fd);
        assert_int_equal(usage_now().bytes_limit, LIMIT_BYTES);
        assert_int_equal(usage_now().inodes_limit, LIMIT_INODES);
        destroy();
}

static void top_project_set(uint32_t project_id, bool inherit) {
        struct fsxattr attributes = { 0 };
        int fd = volume_open("");

        assert_int_equal(ioctl(fd, FS_IOC_FSGETXATTR, &attributes), 0);
        attributes.fsx_projid = project_id;
        attributes.fsx_xflags &= ~(unsigned) FS_XFLAG_PROJINHERIT;
        attributes.fsx_xflags |= inherit ? FS_XFLAG_PROJINHERIT : 0;
        assert_int_equal(ioctl(fd, FS_IOC_FSSETXATTR, &attributes), 0);
        close(fd);
}

static void test_attach_checks_project(void **state) {
        int fd = -1;

        provision();
        top_project_set(PROJECT, false);
        expect_error(ops->attach(&acme, store_fd, &fd, &error), -ENOTSUP, "HostNotReady");
        top_project_set(PROJECT + 1, true);
        expect_error(ops->attach(&acme, store_fd, &fd, &error), -ENOTSUP, "HostNotReady");
        expect_error(ops->resize(&acme, store_fd, &error), -ENOTSUP, "HostNotReady");
        top_project_set(PROJECT, true);
        expect_done(ops->attach(&acme, store_fd, &fd, &error));
        close(fd);
        destroy();
}

static void test_project_in_use(void **state) {
        struct tenant_context other = acme;

        provision();
        other.name = "rival";
        expect_error(ops->provision(&other, store_fd, &error), -EBUSY, "Busy");
        assert_int_equal(faccessat(store_fd, "volumes/rival", F_OK, 0), -1);
        assert_int_equal(usage_now().bytes_limit, LIMIT_BYTES); /* and the owner's limits stand */
        destroy();

        other.project_id = 0;
        expect_error(ops->provision(&other, store_fd, &error), -EINVAL, "Failed");

        cancelled_destroy();
        other.project_id = PROJECT;
        expect_error(ops->provision(&other, store_fd, &error), -EBUSY, "Busy");
        destroy();
}

/* A crash between the volume's completion and the removal of its empty stage must not cost the volume its
 * limits. */
static void test_collect_keeps_limits(void **state) {
        char name[64];

        provision();
        snprintf(name, sizeof(name), "volumes/.pending/acme.%u", PROJECT);
        assert_int_equal(mkdirat(store_fd, name, 0700), 0);
        expect_done(ops->collect(&host, store_fd, NULL, 0, &error));
        assert_int_equal(count_entries(store_fd, "volumes/.pending"), 0);
        assert_int_equal(usage_now().bytes_limit, LIMIT_BYTES);
        destroy();
}

/* A crash between the limits and the volume's completion. */
static void test_collect_clears_limits(void **state) {
        struct if_dqblk block = { .dqb_valid = QIF_LIMITS, .dqb_bhardlimit = 1024, .dqb_bsoftlimit = 1024 };
        char name[64];

        provision();
        destroy();
        snprintf(name, sizeof(name), "volumes/.pending/acme.%u", PROJECT);
        assert_int_equal(mkdirat(store_fd, name, 0700), 0);
        assert_int_equal(quota(Q_SETQUOTA, PROJECT, &block), 0);
        expect_done(ops->collect(&host, store_fd, NULL, 0, &error)); /* teardown looks at the limits */
}

/* Removed files that somebody holds open still count: the project must not be given to another tenant
 * before. */
static void test_destroy_waits_for_open_files(void **state) {
        int top, fd;

        provision();
        top = volume_open("upper");
        write_file(top, "held");
        fd = openat(top, "held", O_RDONLY | O_CLOEXEC);
        close(top);
        expect_error(ops->destroy(&acme, store_fd, &error), -EBUSY, "Busy");
        assert_true(quota_read(PROJECT).dqb_curinodes >= 1); /* the directories above it, too */
        close(fd);
        destroy();
}

const struct CMUnitTest limits_tests[] = {
        TEST(test_limit_bytes),
        TEST(test_limit_inodes),
        TEST(test_size_limits_inodes),
        TEST(test_resize),
        TEST(test_size_is_whole_blocks),
        TEST(test_attach_restores_limits),
        TEST(test_attach_checks_project),
        TEST(test_project_in_use),
        TEST(test_collect_keeps_limits),
        TEST(test_collect_clears_limits),
        TEST(test_destroy_waits_for_open_files),
};
const size_t n_limits_tests = sizeof(limits_tests) / sizeof(limits_tests[0]);

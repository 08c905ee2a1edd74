/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-volume.c: what every storage backend promises: layout, mount flags, and a removal that the tenant
 * cannot turn against the host. Trees are built as a hostile root of a tenant would. Owner: the storage
 * backends.
 */
#include "support.h"
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEEP 20000 /* more than descriptors or a stack could take */
#define SWAPPED 3u

static void test_descriptor(void **state) {
        assert_int_equal(plugin->struct_size, sizeof(struct tenant_plugin));
        assert_int_equal(plugin->abi, TENANT_PLUGIN_ABI);
        assert_int_equal(plugin->kind, TENANT_KIND_STORAGE);
        assert_int_equal(plugin->n_settings, 2);
        assert_string_equal(plugin->settings[0].key, "Size");
        assert_string_equal(plugin->settings[1].key, "Inodes");
        assert_int_equal(ops->struct_size, sizeof(struct tenant_storage_ops));
        assert_non_null(ops->provision);
        assert_non_null(ops->attach);
        assert_non_null(ops->destroy);
        assert_non_null(ops->fit);
        assert_int_equal(!!ops->resize, !!(ops->capabilities & TENANT_STORAGE_RESIZE));
        if (plugin->probe) {
                expect_done(plugin->probe(&host, &error));
        }
}

static void test_validate(void **state) {
        values[0] = values[1] = (struct tenant_value){ 0 };
        expect_done(plugin->validate(&acme, &error));
        set_limits(UINT64_MAX, UINT64_MAX);
        expect_done(plugin->validate(&acme, &error));
        set_limits(LIMIT_BYTES, UINT64_MAX);
        if (!has_limits()) {
                expect_error(plugin->validate(&acme, &error), -ENOTSUP, "NotSupported");
                expect_error(ops->provision(&acme, store_fd, &error), -ENOTSUP, "NotSupported");
                set_limits(UINT64_MAX, LIMIT_INODES);
                expect_error(plugin->validate(&acme, &error), -ENOTSUP, "NotSupported");
                return;
        }
        expect_done(plugin->validate(&acme, &error));
        set_limits(4096, UINT64_MAX);
        expect_error(plugin->validate(&acme, &error), -EINVAL, "InvalidSetting");
        set_limits(UINT64_MAX - 1, UINT64_MAX);
        expect_error(plugin->validate(&acme, &error), -EINVAL, "InvalidSetting");
        set_limits(LIMIT_BYTES, 1);
        expect_error(plugin->validate(&acme, &error), -EINVAL, "InvalidSetting");
}

static void test_layout(void **state) {
        static const char *const names[] = TENANT_VOLUME_DIRECTORIES;
        struct stat st;

        umask(077);
        provision();
        umask(022);
        assert_int_equal(fstatat(store_fd, "volumes", &st, AT_SYMLINK_NOFOLLOW), 0);
        assert_int_equal(st.st_mode, S_IFDIR | 0700);
        assert_int_equal(st.st_uid, 0);
        assert_int_equal(fstatat(store_fd, "volumes/acme", &st, AT_SYMLINK_NOFOLLOW), 0);
        assert_int_equal(st.st_mode, S_IFDIR | 0700);
        assert_int_equal(st.st_uid, ID_BASE);
        assert_int_equal(st.st_gid, ID_BASE);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                char path[64];

                snprintf(path, sizeof(path), "volumes/acme/%s", names[i]);
                assert_int_equal(fstatat(store_fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
                assert_int_equal(st.st_mode, S_IFDIR | 0755);
                assert_int_equal(st.st_uid, ID_BASE);
                assert_int_equal(st.st_gid, ID_BASE);
        }
        assert_int_equal(count_entries(store_fd, "volumes/acme"), sizeof(names) / sizeof(names[0]));
        assert_int_equal(count_entries(store_fd, "volumes/.pending"), 0);
        expect_error(ops->provision(&acme, store_fd, &error), -EEXIST, "TenantExists");
        assert_int_equal(count_entries(store_fd, "volumes/acme"), sizeof(names) / sizeof(names[0]));
        destroy();
        destroy(); /* a missing volume is fine */
}

static void test_names(void **state) {
        static const char *const bad[] = { "", "..", ".pending", "a/b", "a.b", "A" };
        struct tenant_context context = acme;

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                int fd = -1;

                context.name = bad[i];
                expect_error(ops->destroy(&context, store_fd, &error), -EINVAL, "InvalidName");
                expect_error(ops->provision(&context, store_fd, &error), -EINVAL, "InvalidName");
                expect_error(ops->attach(&context, store_fd, &fd, &error), -EINVAL, "InvalidName");
        }
}

/* The store itself is nosuid, nodev, noexec: only the tenant's mount may lose the first and the last. */
static void test_attach(void **state) {
        struct statvfs outside, inside;
        struct stat top, mount_top;
        unsigned mounts;
        int fd = -1, other_fd = -1;

        provision();
        mounts = count_mounts();
        expect_done(ops->attach(&acme, store_fd, &fd, &error));
        assert_true(fd >= 0);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        assert_int_equal(count_mounts(), mounts);
        assert_int_equal(fstatvfs(store_fd, &outside), 0);
        assert_true(outside.f_flag & ST_NOSUID);
        assert_true(outside.f_flag & ST_NOEXEC);
        assert_int_equal(fstatvfs(fd, &inside), 0);
        assert_false(inside.f_flag & ST_NOSUID);
        assert_false(inside.f_flag & ST_NOEXEC);
        assert_true(inside.f_flag & ST_NODEV);
        assert_int_equal(fstat(fd, &mount_top), 0);
        assert_int_equal(fstatat(store_fd, "volumes/acme", &top, 0), 0);
        assert_int_equal(mount_top.st_ino, top.st_ino);

        assert_int_equal(mount(NULL, store_path, NULL, MS_REMOUNT | MS_BIND, NULL), 0); /* a careless host */
        expect_done(ops->attach(&acme, store_fd, &other_fd, &error));
        assert_int_equal(mount(NULL, store_path, NULL, MS_REMOUNT | MS_BIND | STORE_FLAGS, NULL), 0);
        assert_int_not_equal(fd, other_fd);
        assert_int_equal(fstatvfs(other_fd, &inside), 0);
        assert_true(inside.f_flag & ST_NODEV);
        assert_int_equal(move_mount(fd, "", AT_FDCWD, canary_path, MOVE_MOUNT_F_EMPTY_PATH),
                         -1); /* no such place */
        assert_int_equal(mkdir(canary_path, 0700), 0);
        assert_int_equal(move_mount(fd, "", AT_FDCWD, canary_path, MOVE_MOUNT_F_EMPTY_PATH), 0);
        assert_int_equal(count_entries(AT_FDCWD, canary_path), 6);
        assert_int_equal(umount2(canary_path, MNT_DETACH), 0);
        assert_int_equal(rmdir(canary_path), 0);
        close(fd);
        close(other_fd);
        destroy();
        expect_error(ops->attach(&acme, store_fd, &fd, &error), -ENOENT, "NoSuchVolume");
}

static void test_attach_foreign(void **state) {
        struct tenant_context other = acme;
        int fd = -1, top;

        provision();
        other.id_base += ID_COUNT;
        expect_error(ops->attach(&other, store_fd, &fd, &error), -ESTALE, "Failed");
        top = volume_open("");
        assert_int_equal(fchown(top, ID_BASE + 1000, ID_BASE + 1000),
                         0); /* what the tenant may do to itself */
        close(top);
        expect_done(ops->attach(&acme, store_fd, &fd, &error));
        close(fd);
        destroy();
}

static void test_link_as_volume(void **state) {
        int fd = -1;

        canary_make();
        provision();
        destroy();
        assert_int_equal(symlinkat(canary_path, store_fd, "volumes/acme"), 0);
        assert_true(ops->attach(&acme, store_fd, &fd, &error) < 0);
        assert_int_equal(fd, -1);
        expect_error(ops->provision(&acme, store_fd, &error), -EEXIST, "TenantExists");
        destroy();
        canary_assert_alive();
        canary_remove();
}

static void test_provision_takes_no_prepared_stage(void **state) {
        char name[64];
        struct stat st;

        snprintf(name, sizeof(name), has_limits() ? "volumes/.pending/acme.%u" : "volumes/.pending/acme",
                 PROJECT);
        provision();
        destroy();
        assert_int_equal(mkdirat(store_fd, name, 0700), 0);
        strcat(name, "/volume");
        assert_int_equal(mkdirat(store_fd, name, 0777), 0);
        strcat(name, "/upper");
        assert_int_equal(mkdirat(store_fd, name, 0777), 0);
        strcat(name, "/planted");
        assert_int_equal(mkdirat(store_fd, name, 0777), 0);
        provision();
        assert_int_equal(fstatat(store_fd, "volumes/acme/upper/planted", &st, 0), -1);
        destroy();
}

static void tree_hostile(int dir_fd, const char *outside) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_int_equal(symlinkat("/etc", dir_fd, "etc"), 0);
        assert_int_equal(symlinkat(outside, dir_fd, "canary"), 0);
        assert_int_equal(symlinkat("..", dir_fd, "up"), 0);
        assert_int_equal(symlinkat("loop", dir_fd, "loop"), 0);
        assert_int_equal(mkfifoat(dir_fd, "fifo", 0666), 0);
        assert_int_equal(mknodat(dir_fd, "whiteout", S_IFCHR, makedev(0, 0)), 0);
        assert_int_equal(mknodat(dir_fd, "null", S_IFCHR | 0666, makedev(1, 3)), 0);
        snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/sock", dir_fd);
        assert_int_equal(bind(sock, (struct sockaddr *) &address, sizeof(address)), 0);
        close(sock);
        write_file(dir_fd, "new\nline");
        write_file(dir_fd, "\033[31m");
        write_file(dir_fd, "spill.0");
        assert_int_equal(linkat(dir_fd, "spill.0", dir_fd, "hard", 0), 0);
        assert_int_equal(mkdirat(dir_fd, "shut", 0), 0);
        assert_int_equal(mkdirat(dir_fd, "shut/inner", 0), 0);
}

static void test_destroy_hostile(void **state) {
        int fd;

        canary_make();
        provision();
        fd = volume_open("upper");
        tree_hostile(fd, canary_path);
        close(fd);
        fd = volume_open("");
        tree_hostile(fd, canary_path);
        close(fd);
        destroy();
        canary_assert_alive();
        canary_remove();
}

/* A process that swaps d0 for l0 and so on in the directory, and has begun. */
static pid_t swap_start(int dir_fd) {
        int pair[2];
        char begun;
        pid_t pid;

        assert_int_equal(pipe(pair), 0);
        pid = fork();
        if (pid == 0) {
                for (unsigned long i = 0; getppid() != 1; i++) {
                        char name[16], other[16];

                        snprintf(name, sizeof(name), "d%lu", i % SWAPPED);
                        snprintf(other, sizeof(other), "l%lu", i % SWAPPED);
                        (void) renameat2(dir_fd, name, dir_fd, other, RENAME_EXCHANGE);
                        if (i == 10) {
                                (void) !write(pair[1], "b", 1);
                        }
                }
                _exit(0);
        }
        assert_true(pid > 0);
        assert_int_equal(read(pair[0], &begun, 1), 1);
        close(pair[0]);
        close(pair[1]);
        return pid;
}

/*
 * A process of the tenant's that got away still swaps directories for links while its volume goes. It holds one of them: with limits,
 * whose account has to be empty, the removal is finished when it is gone.
 */
static void test_destroy_swapped(void **state) {
        canary_make();
        for (unsigned round = 0; round < (has_limits() ? 3 : 100); round++) {
                char name[16];
                pid_t pid;
                int fd;

                provision();
                fd = volume_open("upper");
                for (unsigned i = 0; i < SWAPPED; i++) {
                        snprintf(name, sizeof(name), "d%u", i);
                        assert_int_equal(mkdirat(fd, name, 0755), 0);
                        snprintf(name, sizeof(name), "d%u/deep", i);
                        assert_int_equal(mkdirat(fd, name, 0755), 0);
                        snprintf(name, sizeof(name), "l%u", i);
                        assert_int_equal(symlinkat(canary_path, fd, name), 0);
                }
                pid = swap_start(fd);
                close(fd);
                if (has_limits()) {
                        expect_error(ops->destroy(&acme, store_fd, &error), -EBUSY, "Busy");
                } else {
                        destroy();
                }
                assert_int_equal(kill(pid, SIGKILL), 0);
                assert_int_equal(waitpid(pid, NULL, 0), pid);
                destroy();
                canary_assert_alive();
        }
        canary_remove();
}

static void test_destroy_immutable(void **state) {
        int fd;

        provision();
        fd = volume_open("docker");
        write_file(fd, "immutable");
        attributes_set(fd, "immutable", FS_IMMUTABLE_FL);
        write_file(fd, "append");
        attributes_set(fd, "append", FS_APPEND_FL);
        assert_int_equal(mkdirat(fd, "directory", 0755), 0);
        write_file(fd, "directory/file");
        assert_int_equal(mkdirat(fd, "directory/empty", 0755), 0);
        attributes_set(fd, "directory/empty", FS_IMMUTABLE_FL);
        attributes_set(fd, "directory", FS_IMMUTABLE_FL);
        close(fd);
        destroy();
}

static void test_destroy_deep(void **state) {
        int fd;

        if (has_limits()) {
                set_limits(UINT64_MAX, UINT64_MAX);
        }
        provision();
        fd = volume_open("upper");
        tree_deep(fd, has_limits() ? DEEP / 10 : DEEP, false); /* emulated hosts have the quotas */
        close(fd);
        fd = volume_open("docker");
        tree_deep(fd, 2000, true);
        close(fd);
        destroy();
}

/* Two calls with a mount in the way, the second one finishes once it is gone. */
static void test_destroy_mount(void **state) {
        char path[sizeof(store_path) + 64];
        int fd;

        canary_make();
        provision();
        fd = volume_open("docker");
        assert_int_equal(mkdirat(fd, "inner", 0755), 0);
        assert_int_equal(mkdirat(fd, "inner/mount", 0755), 0);
        write_file(fd, "inner/file");
        close(fd);
        snprintf(path, sizeof(path), "%s/volumes/acme/docker/inner/mount", store_path);
        assert_int_equal(mount(canary_path, path, NULL, MS_BIND, NULL), 0);
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0);
        expect_error(ops->destroy(&acme, store_fd, &error), -EBUSY, "Busy");
        canary_assert_alive();
        assert_int_equal(faccessat(store_fd, "volumes/acme", F_OK, 0), -1);
        expect_error(ops->destroy(&acme, store_fd, &error), -EBUSY, "Busy");
        expect_error(ops->collect(&host, store_fd, NULL, 0, &error), -EBUSY, "Busy");
        canary_assert_alive();
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        assert_int_equal(umount2(path, MNT_DETACH), 0);
        close(fd);
        destroy();
        canary_assert_alive();
        canary_remove();
}

static void test_destroy_mounted_volume(void **state) {
        char path[sizeof(store_path) + 64];
        int fd = -1;

        canary_make();
        provision();
        snprintf(path, sizeof(path), "%s/volumes/acme", store_path);
        assert_int_equal(mount(canary_path, path, NULL, MS_BIND, NULL), 0);
        expect_error(ops->attach(&acme, store_fd, &fd, &error), -EXDEV, "Failed");
        expect_error(ops->destroy(&acme, store_fd, &error), -EBUSY, "Busy");
        canary_assert_alive();
        assert_int_equal(count_entries(store_fd, "volumes/.pending"), 0);
        assert_int_equal(umount2(path, MNT_DETACH), 0);
        destroy();
        canary_assert_alive();
        canary_remove();
}

static void test_destroy_goes_on(void **state) {
        cancelled_destroy();
        destroy();
        cancelled_destroy();
        expect_done(ops->collect(&host, store_fd, NULL, 0, &error));
        cancelled_destroy();
        provision(); /* the same tenant again: the rest is in its way and removed */
        destroy();
}

static void test_collect_spares(void **state) {
        static const char *const foreign[] = { "volumes/.pending/what ever", "volumes/.pending/acme.0",
                                               "volumes/.pending/A.7", "volumes/.pending/acme.7x" };

        provision();
        for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
                assert_int_equal(mkdirat(store_fd, foreign[i], 0700), 0);
        }
        expect_done(ops->collect(&host, store_fd, &acme, 1, &error));
        expect_done(ops->collect(&host, store_fd, NULL, 0, &error));
        assert_int_equal(count_entries(store_fd, "volumes/.pending"), 4);
        assert_int_equal(count_entries(store_fd, "volumes/acme"),
                         6); /* belongs to nobody in the list: still spared */
        for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
                assert_int_equal(unlinkat(store_fd, foreign[i], AT_REMOVEDIR), 0);
        }
        destroy();
}

/* What another process works in is neither collected nor entered. */
static void test_stage_in_work(void **state) {
        char name[64];
        int fd;

        provision();
        snprintf(name, sizeof(name), has_limits() ? "volumes/.pending/acme.%u" : "volumes/.pending/acme",
                 PROJECT);
        assert_int_equal(mkdirat(store_fd, name, 0700), 0);
        fd = openat(store_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
        expect_done(ops->collect(&host, store_fd, NULL, 0, &error));
        expect_error(ops->destroy(&acme, store_fd, &error), -EBUSY, "Busy");
        assert_int_equal(count_entries(store_fd, "volumes/.pending"), 1);
        assert_int_equal(count_entries(store_fd, "volumes/acme"), 6);
        close(fd);
        expect_done(ops->collect(&host, store_fd, NULL, 0, &error));
        assert_int_equal(count_entries(store_fd, "volumes/.pending"), 0);
        assert_int_equal(count_entries(store_fd, "volumes/acme"), 6);
        destroy();
}

static void test_usage_unknown(void **state) {
        struct tenant_storage_usage usage = { .struct_size = sizeof(usage) };

        provision();
        expect_done(ops->usage(&acme, store_fd, &usage, &error));
        assert_true(usage.bytes == UINT64_MAX && usage.bytes_limit == UINT64_MAX);
        assert_true(usage.inodes == UINT64_MAX && usage.inodes_limit == UINT64_MAX);
        destroy();
}

/* A store whose file system cannot: every way in says so, and leaves nothing. */
static void test_refusal(void **state) {
        expect_error(ops->fit(&host, store_fd, &error), -ENOTSUP, "HostNotReady");
        expect_error(ops->provision(&acme, store_fd, &error), -ENOTSUP, "HostNotReady");
        expect_done(ops->collect(&host, store_fd, NULL, 0, &error));
        destroy();
}

const struct CMUnitTest refusal_tests[] = {
        TEST(test_descriptor),
        TEST(test_validate),
        TEST(test_refusal),
};
const size_t n_refusal_tests = sizeof(refusal_tests) / sizeof(refusal_tests[0]);

const struct CMUnitTest volume_tests[] = {
        TEST(test_descriptor),
        TEST(test_validate),
        TEST(test_layout),
        TEST(test_names),
        TEST(test_attach),
        TEST(test_attach_foreign),
        TEST(test_link_as_volume),
        TEST(test_provision_takes_no_prepared_stage),
        TEST(test_destroy_hostile),
        TEST(test_destroy_swapped),
        TEST(test_destroy_immutable),
        TEST(test_destroy_deep),
        TEST(test_destroy_mount),
        TEST(test_destroy_mounted_volume),
        TEST(test_destroy_goes_on),
        TEST(test_collect_spares),
        TEST(test_stage_in_work),
};
const size_t n_volume_tests = sizeof(volume_tests) / sizeof(volume_tests[0]);

const struct CMUnitTest unlimited_tests[] = {
        TEST(test_usage_unknown),
};
const size_t n_unlimited_tests = sizeof(unlimited_tests) / sizeof(unlimited_tests[0]);

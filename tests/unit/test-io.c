/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-io.c: files and descriptors: bounds, atomicity, and that nothing leads out of a directory. Owned by
 * tests/unit.
 */
#include "fd.h"
#include "io.h"
#include "paths.h"
#include "unit.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static int open_root(void) {
        int fd = open(unit_root(), O_PATH | O_DIRECTORY | O_CLOEXEC);

        assert_true(fd >= 0);
        return fd;
}

static void test_read_bounds(void **state) {
        _cleanup_close_ int fd = open_root();
        char *text = NULL;
        size_t sizes[] = { 0, 1, 4095, 4096, 4097, 100000 }, size = 1;

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                _cleanup_free_ char *data = malloc(sizes[i] + 1);

                memset(data, 'x', sizes[i]);
                unit_write_bytes("f", data, sizes[i]);
                assert_int_equal(file_read(fd, "f", sizes[i], &text, &size), 0);
                assert_int_equal(size, sizes[i]);
                assert_int_equal(strlen(text), sizes[i]);
                assert_memory_equal(text, data, sizes[i]);
                free(text);
                text = NULL;
                if (sizes[i] > 0) {
                        assert_int_equal(file_read(fd, "f", sizes[i] - 1, &text, &size), -EFBIG);
                        assert_null(text);
                }
        }
        assert_int_equal(file_read(fd, "missing", 10, &text, &size), -ENOENT);
}

/* A fifo without a writer would block for ever; a device or directory is not a file. */
static void test_read_refuses_others(void **state) {
        _cleanup_close_ int fd = open_root();
        char *text = NULL;

        assert_int_equal(mkfifo(unit_path("fifo"), 0600), 0);
        assert_int_equal(file_read(fd, "fifo", 10, &text, NULL), -EBADFD);
        assert_int_equal(file_read(AT_FDCWD, "/dev/zero", 10, &text, NULL), -EBADFD);
        assert_int_equal(file_read(AT_FDCWD, unit_root(), 10, &text, NULL), -EBADFD);
        unit_write("real", "x");
        assert_int_equal(symlink("real", unit_path("link")), 0);
        assert_int_equal(file_read(fd, "link", 10, &text, NULL), -ELOOP);
        assert_int_equal(file_read(AT_FDCWD, unit_path("link"), 10, &text, NULL), 0);
        free(text);
}

static void test_open_beneath(void **state) {
        _cleanup_close_ int fd = -1, inner = -1, file = -1;

        unit_write("inside/dir/f", "");
        unit_write("outside", "");
        assert_int_equal(symlink("../outside", unit_path("inside/up")), 0);
        assert_int_equal(symlink("dir", unit_path("inside/dirlink")), 0);
        fd = open(unit_path("inside"), O_PATH | O_DIRECTORY | O_CLOEXEC);
        file = open_beneath(fd, "dir/f", O_RDONLY, 0);
        assert_true(file >= 0);
        assert_int_equal(fcntl(file, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        assert_int_equal(open_beneath(fd, "../outside", O_RDONLY, 0), -EXDEV);
        assert_int_equal(open_beneath(fd, "dir/../../outside", O_RDONLY, 0), -EXDEV);
        assert_int_equal(open_beneath(fd, "/etc/passwd", O_RDONLY, 0), -EXDEV);
        assert_int_equal(open_beneath(fd, "up", O_RDONLY, 0), -ELOOP);
        assert_int_equal(open_beneath(fd, "dirlink/f", O_RDONLY, 0), -ELOOP);
        inner = mkdir_open_beneath(fd, "dir/new", 0700);
        assert_true(inner >= 0);
        assert_int_equal(mkdir_open_beneath(fd, "dirlink/new2", 0700), -ELOOP);
        assert_int_equal(mkdir_open_beneath(fd, "missing/new", 0700), -ENOENT);
        assert_int_equal(mkdir_open_beneath(fd, "dir/f", 0700), -ENOTDIR);
        assert_false(unit_exists("inside/dir/new2"));
}

static void test_replace(void **state) {
        _cleanup_close_ int fd = open_root();
        _cleanup_free_ char *text = NULL;
        struct stat st;

        umask(077);
        unit_write("d/x", "");
        assert_int_equal(file_replace_atomic(fd, "d/f", 0644, "one", 3), 0);
        assert_int_equal(file_replace_atomic(fd, "d/f", 0640, "second", 6), 0);
        umask(022);
        text = unit_read("d/f");
        assert_string_equal(text, "second");
        assert_int_equal(stat(unit_path("d/f"), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0640);
        assert_int_equal(unit_count("d"), 2);
        assert_int_equal(file_replace_atomic(fd, "missing/f", 0644, "x", 1), -ENOENT);
        /* Where the file is put may be in a tree that somebody else can write. */
        assert_int_equal(symlink("d", unit_path("link")), 0);
        assert_int_equal(file_replace_atomic(fd, "link/f", 0644, "x", 1), -ELOOP);
        assert_int_equal(file_replace_atomic(fd, "d/../f", 0644, "x", 1), 0);
        assert_int_equal(file_replace_atomic(fd, "../f", 0644, "x", 1), -EXDEV);
        assert_int_equal(file_replace_atomic(fd, unit_path("d/f"), 0644, "x", 1), -EXDEV);
}

static void test_create_only_once(void **state) {
        _cleanup_close_ int fd = open_root();
        _cleanup_free_ char *text = NULL;

        assert_int_equal(file_create_atomic(fd, "f", 0644, "first", 5), 0);
        assert_int_equal(file_create_atomic(fd, "f", 0644, "second", 6), -EEXIST);
        text = unit_read("f");
        assert_string_equal(text, "first");
        assert_int_equal(symlink("nowhere", unit_path("link")), 0);
        assert_int_equal(file_create_atomic(fd, "link", 0644, "x", 1), -EEXIST);
        assert_int_equal(unit_count(""), 2);
}

/* A write that fails half-way leaves the old content and no other file. */
static void test_failed_write(void **state) {
        _cleanup_close_ int fd = open_root();
        _cleanup_free_ char *text = NULL, *data = calloc(1, 65536);
        struct rlimit before, small;
        int r;

        assert_int_equal(file_replace_atomic(fd, "f", 0644, "old", 3), 0);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        small = (struct rlimit){ .rlim_cur = 8192, .rlim_max = before.rlim_max };
        assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        r = file_replace_atomic(fd, "f", 0644, data, 65536);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(r, -EFBIG);
        text = unit_read("f");
        assert_string_equal(text, "old");
        assert_int_equal(unit_count(""), 1);
}

/* What a killed writer left goes; what a living one is at stays, and so does everything else. */
static void test_sweep(void **state) {
        _cleanup_close_ int fd = open_root();
        pid_t dead = fork();
        char name[64];

        if (dead == 0) {
                _exit(0);
        }
        assert_int_equal(waitpid(dead, NULL, 0), dead);
        snprintf(name, sizeof(name), ".a.conf.%d.tmp", dead);
        unit_write(name, "half");
        snprintf(name, sizeof(name), ".b.conf.%d.tmp", getpid());
        unit_write(name, "half");
        unit_write("a.conf", "");
        unit_write(".x.tmp", "");
        unit_write(".tmp", "");
        unit_write(".a.12345678901.tmp", "");
        unit_write(".99999999.tmp", "");
        unit_write("a.99999999.tmp", "");
        assert_int_equal(file_sweep(fd), 0);
        assert_int_equal(unit_count(""), 7);
        assert_true(unit_exists(name));
        assert_int_equal(file_sweep(fd), 0);
        assert_int_equal(file_sweep(-1), -EBADF);
}

static void test_write_at(void **state) {
        _cleanup_close_ int fd = open_root();
        _cleanup_free_ char *text = NULL;

        unit_write("f", "");
        assert_int_equal(file_write_at(fd, "f", "max"), 0);
        text = unit_read("f");
        assert_string_equal(text, "max");
        assert_int_equal(file_write_at(fd, "missing", "x"), -ENOENT);
        assert_false(unit_exists("missing"));
        assert_int_equal(symlink("f", unit_path("link")), 0);
        assert_int_equal(file_write_at(fd, "link", "x"), -ELOOP);
        assert_int_equal(mkfifo(unit_path("fifo"), 0600), 0);
        assert_int_equal(file_write_at(fd, "fifo", "x"), -ENXIO); /* nobody reads it: no wait */
}

static void test_pidfd(void **state) {
        _cleanup_close_ int fd = -1;
        siginfo_t info = {};
        pid_t pid = fork();

        if (pid == 0) {
                pause();
                _exit(1);
        }
        fd = pidfd_open_cloexec(pid);
        assert_true(fd >= 0);
        assert_int_equal(pidfd_kill(fd, SIGTERM), 0);
        assert_int_equal(waitid(P_PIDFD, (id_t) fd, &info, WEXITED), 0);
        assert_int_equal(info.si_status, SIGTERM);
        assert_int_equal(pidfd_kill(fd, SIGTERM), -ESRCH);
}

static void test_paths(void **state) {
        _cleanup_close_ int fd = -1;
        struct stat st;

        fd = path_open(PATH_TENANTS);
        assert_true(fd >= 0);
        assert_string_equal(path_get(PATH_TENANTS), unit_path("var/lib/tenantd/tenants"));
        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0700);
        fd = fd_close(fd);
        assert_int_equal(rmdir(unit_path("var/lib/tenantd/tenants")), 0);
        assert_int_equal(symlink("/", unit_path("var/lib/tenantd/tenants")), 0);
        assert_true(path_open(PATH_TENANTS) < 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_read_bounds, unit_root_empty),
                cmocka_unit_test_setup(test_read_refuses_others, unit_root_empty),
                cmocka_unit_test_setup(test_open_beneath, unit_root_empty),
                cmocka_unit_test_setup(test_replace, unit_root_empty),
                cmocka_unit_test_setup(test_create_only_once, unit_root_empty),
                cmocka_unit_test_setup(test_failed_write, unit_root_empty),
                cmocka_unit_test_setup(test_sweep, unit_root_empty),
                cmocka_unit_test_setup(test_write_at, unit_root_empty),
                cmocka_unit_test(test_pidfd),
                cmocka_unit_test_setup(test_paths, unit_root_empty),
        };

        return cmocka_run_group_tests_name("io", tests, unit_root_setup, unit_root_teardown);
}

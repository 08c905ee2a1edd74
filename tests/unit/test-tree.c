/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-tree.c: removing hostile trees: only the tree goes, all of it goes, at any depth. Owned by
 * tests/unit.
 */
#include "tree.h"
#include "unit.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

static int open_root(void) {
        int fd = open(unit_root(), O_PATH | O_DIRECTORY | O_CLOEXEC);

        assert_true(fd >= 0);
        return fd;
}

static void test_simple(void **state) {
        _cleanup_close_ int fd = open_root();

        assert_int_equal(tree_remove(fd, "missing"), 0);
        unit_write("file", "");
        assert_int_equal(tree_remove(fd, "file"), 0);
        unit_write("dir/a/b/c", "");
        unit_write("dir/a/d", "");
        unit_write("dir/.hidden/e", "");
        unit_write("direct", "stays");
        assert_int_equal(tree_remove(fd, "dir"), 0);
        assert_int_equal(unit_count(""), 1);
}

static void test_links_lead_nowhere(void **state) {
        _cleanup_close_ int fd = open_root();

        unit_write("outside/precious", "x");
        unit_write("tree/sub/f", "");
        assert_int_equal(symlink(unit_path("outside"), unit_path("tree/link")), 0);
        assert_int_equal(symlink("../../outside", unit_path("tree/sub/link")), 0);
        assert_int_equal(symlink("/", unit_path("tree/sub/slash")), 0);
        assert_int_equal(link(unit_path("outside/precious"), unit_path("tree/hard")), 0);
        assert_int_equal(symlink("outside", unit_path("top-link")), 0);
        assert_int_equal(tree_remove(fd, "tree"), 0);
        assert_int_equal(tree_remove(fd, "top-link"), 0);
        assert_true(unit_exists("outside/precious"));
        assert_int_equal(unit_count(""), 1);
}

/* Deeper than a path can say, with few descriptors and a small stack. */
static void test_deep(void **state) {
        _cleanup_close_ int root_fd = open_root();
        struct rlimit before, few;
        int fd = open(unit_root(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        for (unsigned i = 0; i < 4096; i++) {
                int next;

                assert_int_equal(mkdirat(fd, "d", 0755), 0);
                next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                assert_true(next >= 0);
                fd_close(fd);
                fd = next;
        }
        fd_close(fd);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
        few = (struct rlimit){ .rlim_cur = 16, .rlim_max = before.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        assert_int_equal(tree_remove(root_fd, "d"), 0);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_int_equal(unit_count(""), 0);
}

static void test_wide(void **state) {
        _cleanup_close_ int fd = open_root();
        char path[64];

        for (unsigned i = 0; i < 300; i++) {
                snprintf(path, sizeof(path), "tree/d%u/e%u/f", i, i % 7);
                unit_write(path, "");
        }
        assert_int_equal(tree_remove(fd, "tree"), 0);
        assert_int_equal(unit_count(""), 0);
}

/* Names that the removal would use itself, and names that look like something else. */
static void test_hostile_names(void **state) {
        static const char *const paths[] = {
                "tree/.0.up/.0.up/.0.up/x",
                "tree/.1.up/y",
                "tree/a/.0.up/.1.up/z/.2.up/q",
                "tree/.2.up",
                "tree/a/b/.../c",
                "tree/-rf/ /\n/\xff/x",
                "tree/..x/y/z",
        };
        _cleanup_close_ int fd = open_root();

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                unit_write(paths[i], "");
        }
        assert_int_equal(mkfifo(unit_path("tree/a/fifo"), 0600), 0);
        assert_int_equal(tree_remove(fd, "tree"), 0);
        assert_int_equal(unit_count(""), 0);
}

static void test_no_descriptor_left(void **state) {
        _cleanup_close_ int fd = open_root();
        size_t before = unit_open_fds();

        unit_write("tree/a/b/c/d", "");
        assert_int_equal(tree_remove(fd, "tree"), 0);
        assert_int_equal(tree_remove_suffix(fd, ".x"), 0);
        assert_int_equal(unit_open_fds(), before);
}

static void enter_mount_namespace(void) {
        if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0) {
                print_message("skipped: a mount namespace needs root\n");
                skip();
        }
}

static void test_mounts_are_not_crossed(void **state) {
        static const char *const places[] = { "tree", "tree/sub", "tree/sub/deep/er", "tree/file" };
        _cleanup_close_ int fd = open_root();

        enter_mount_namespace();
        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                bool is_file = strstr(places[i], "file");

                unit_write("precious/x", "of another");
                unit_write("tree/sub/deep/er/y", "");
                unit_write("tree/file", "");
                assert_int_equal(mount(unit_path(is_file ? "precious/x" : "precious"), unit_path(places[i]),
                                       NULL, MS_BIND, NULL),
                                 0);
                assert_int_equal(tree_remove(fd, "tree"), -EXDEV);
                assert_true(unit_exists("precious/x"));
                /* Deep ones were moved; the mount went with them. */
                if (umount2(unit_path(places[i]), MNT_DETACH) < 0) {
                        assert_int_equal(umount2(unit_path("tree/.0.up/er"), MNT_DETACH), 0);
                }
                assert_int_equal(tree_remove(fd, "tree"), 0);
                assert_true(unit_exists("precious/x"));
        }
}

/* A process that swaps d0 for l0, d1 for l1 and so on, and has begun. */
static pid_t swap_start(const char *directory, unsigned n) {
        int pair[2];
        char begun;
        pid_t pid;

        assert_int_equal(pipe(pair), 0);
        pid = fork();
        if (pid == 0) {
                int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

                for (unsigned long i = 0; getppid() != 1; i++) {
                        char name[16], other[16];

                        snprintf(name, sizeof(name), "d%lu", i % n);
                        snprintf(other, sizeof(other), "l%lu", i % n);
                        (void) renameat2(fd, name, fd, other, RENAME_EXCHANGE); /* gone by now, perhaps */
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

/* Whoever the tree belonged to may have left a process that swaps directories for links. */
static void test_swapped_meanwhile(void **state) {
        _cleanup_close_ int fd = open_root();
        const unsigned n = 3;

        unit_write("outside/precious", "x");
        for (unsigned round = 0; round < 200; round++) {
                pid_t pid;
                int r;

                for (unsigned i = 0; i < n; i++) {
                        char name[32];

                        snprintf(name, sizeof(name), "tree/d%u/deep/f", i);
                        unit_write(name, "");
                        snprintf(name, sizeof(name), "tree/l%u", i);
                        assert_int_equal(symlink(unit_path("outside"), unit_path(name)), 0);
                }
                pid = swap_start(unit_path("tree"), n);
                r = tree_remove(fd, "tree");
                assert_int_equal(kill(pid, SIGKILL), 0);
                assert_int_equal(waitpid(pid, NULL, 0), pid);
                assert_int_equal(r, 0);
                assert_false(unit_exists("tree"));
                assert_true(unit_exists("outside/precious"));
        }
}

static void test_suffix(void **state) {
        _cleanup_close_ int fd = open_root();

        unit_write(".a.removed/x/y", "");
        unit_write(".b.removed", "");
        unit_write(".removed/x", "a suffix alone");
        unit_write("cc.removed/x", "not hidden");
        unit_write("..removed/x", "nothing before the suffix");
        unit_write(".d.removed2/x", "another suffix");
        assert_int_equal(tree_remove_suffix(fd, ".removed"), 0);
        assert_int_equal(unit_count(""), 4);
        assert_false(unit_exists(".a.removed"));
        assert_false(unit_exists(".b.removed"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_simple, unit_root_empty),
                cmocka_unit_test_setup(test_links_lead_nowhere, unit_root_empty),
                cmocka_unit_test_setup(test_deep, unit_root_empty),
                cmocka_unit_test_setup(test_wide, unit_root_empty),
                cmocka_unit_test_setup(test_hostile_names, unit_root_empty),
                cmocka_unit_test_setup(test_no_descriptor_left, unit_root_empty),
                cmocka_unit_test_setup(test_suffix, unit_root_empty),
                cmocka_unit_test_setup(test_swapped_meanwhile, unit_root_empty),
                cmocka_unit_test_setup(test_mounts_are_not_crossed, unit_root_empty),
        };

        return cmocka_run_group_tests_name("tree", tests, unit_root_setup, unit_root_teardown);
}

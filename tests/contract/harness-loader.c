/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * harness-loader.c: the loader against files that must not be loaded, and against plugins of other ages.
 * Each load runs in a process of its own; a mark tells whether code of the file ran. Argument: the directory
 * of the fixtures. Needs root.
 */
#include "elfcheck.h"
#include "harness.h"
#include "io.h"
#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/wait.h>

static const char *fixtures; /* built from harness-fixture.c */
static const char *program;

/* What a load in a child came to. */
struct outcome {
        int r;
        bool ran;
        bool has_enter;
        uint32_t creator;
        size_t n_settings;
        TenantError error;
};

static char *mark_path(const char *directory) {
        char *path = NULL;

        assert_true(asprintf(&path, "%s/mark", directory) > 0);
        return path;
}

static void child_load(const char *directory, const char *name, int fd) {
        struct outcome o = { 0 };
        const Plugin *plugin;

        plugin_set_directory(directory);
        o.r = plugin_load(TENANT_KIND_NAMESPACE, name, &plugin, &o.error);
        if (o.r >= 0) {
                struct tenant_namespace_plan plan = { .struct_size = sizeof(plan) };
                struct tenant_context context = { .struct_size = sizeof(context), .id_base = 700000 };

                o.r = plugin->ops.namespace.describe(&context, &plan, &o.error);
                o.creator = plan.creator_uid;
                o.has_enter = plugin->ops.namespace.enter;
                o.n_settings = plugin->descriptor.n_settings;
        }
        _exit(write(fd, &o, sizeof(o)) == (ssize_t) sizeof(o) ? 0 : 1);
}

static struct outcome load(const char *directory, const char *name) {
        _cleanup_free_ char *mark = mark_path(directory);
        struct outcome o;
        int fds[2], status;
        pid_t pid;

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_int_equal(setenv("TENANT_TEST_MARK", mark, 1), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                child_load(directory, name, fds[1]);
        }
        close(fds[1]);
        assert_int_equal(read(fds[0], &o, sizeof(o)), sizeof(o));
        close(fds[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        o.ran = unlink(mark) == 0;
        return o;
}

/* A directory with one fixture in it under its own name. */
static char *directory_with(const char *fixture, mode_t mode) {
        _cleanup_free_ char *from = NULL, *name = NULL;
        char *directory = harness_directory();

        assert_true(asprintf(&from, "%s/namespace-%s.so", fixtures, fixture) > 0);
        assert_true(asprintf(&name, "namespace-%s.so", fixture) > 0);
        harness_copy(from, directory, name, mode);
        return directory;
}

static void assert_refused(const struct outcome *o, int r, const char *error_name, const char *words) {
        if (o->r != r || !strstr(o->error.message, words)) {
                fail_msg("expected %d and \"%s\", got %d: %s", r, words, o->r, o->error.message);
        }
        assert_string_equal(o->error.name, error_name);
        assert_false(o->ran);
}

/* A fixture that is refused by what it says of itself before any of its code runs. */
static void refuse_unrun(const char *fixture, const char *words) {
        _cleanup_free_ char *directory = directory_with(fixture, 0755);
        struct outcome o = load(directory, fixture);

        harness_remove(directory);
        assert_refused(&o, -ELIBBAD, "BadBackend", words);
}

/* One whose fault only its own descriptor shows: its code has run, but it is not taken. */
static void refuse_descriptor(const char *fixture, const char *words) {
        _cleanup_free_ char *directory = directory_with(fixture, 0755);
        struct outcome o = load(directory, fixture);

        harness_remove(directory);
        assert_true(o.ran);
        o.ran = false;
        assert_refused(&o, -ELIBBAD, "BadBackend", words);
}

static void test_good_one_loads(void **state) {
        require_root();
        _cleanup_free_ char *directory = directory_with("good", 0755);
        struct outcome o = load(directory, "good");

        harness_remove(directory);
        assert_int_equal(o.r, 0);
        assert_true(o.ran);
        assert_int_equal(o.creator, 700000);
        assert_true(o.has_enter);
        assert_int_equal(o.n_settings, 1);
}

static void test_owner(void **state) {
        require_root();
        _cleanup_free_ char *directory = directory_with("good", 0755), *path = NULL;
        struct outcome o;

        assert_true(asprintf(&path, "%s/namespace-good.so", directory) > 0);
        assert_int_equal(chown(path, 65534, 0), 0);
        o = load(directory, "good");
        assert_refused(&o, -EPERM, "BadBackend", "not owned by root");
        assert_int_equal(chown(path, 0, 0), 0);
        assert_int_equal(chown(directory, 65534, 0), 0);
        o = load(directory, "good");
        harness_remove(directory);
        assert_refused(&o, -EPERM, "BadBackend", "written by others than root");
}

static void test_mode(void **state) {
        require_root();
        static const mode_t modes[] = { 0775, 0757, 0777, 04755, 02755 };

        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                _cleanup_free_ char *directory = directory_with("good", modes[i]);
                struct outcome o = load(directory, "good");

                harness_remove(directory);
                assert_refused(&o, -EPERM, "BadBackend",
                               modes[i] & 06000 ? "set-user-ID" : "writable by others");
        }
}

static void test_directory_mode(void **state) {
        require_root();
        static const mode_t modes[] = { 0775, 0757, 01777 };

        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                _cleanup_free_ char *directory = directory_with("good", 0755);
                struct outcome o;

                assert_int_equal(chmod(directory, modes[i]), 0);
                o = load(directory, "good");
                harness_remove(directory);
                assert_refused(&o, -EPERM, "BadBackend", "chmod go-w");
        }
}

/* The parent counts too: who can rename the directory chooses the plugin. */
static void test_parent_mode(void **state) {
        require_root();
        _cleanup_free_ char *above = harness_directory(), *directory = NULL, *from = NULL;
        struct outcome o;

        assert_true(asprintf(&directory, "%s/plugins", above) > 0);
        assert_true(asprintf(&from, "%s/namespace-good.so", fixtures) > 0);
        assert_int_equal(mkdir(directory, 0755), 0);
        harness_copy(from, directory, "namespace-good.so", 0755);
        assert_int_equal(chmod(above, 0777), 0);
        o = load(directory, "good");
        assert_refused(&o, -EPERM, "BadBackend", above);
        assert_int_equal(chmod(above, 0755), 0);
        o = load(directory, "good");
        harness_remove(above);
        assert_int_equal(o.r, 0);
}

static void test_symlinks(void **state) {
        require_root();
        _cleanup_free_ char *directory = directory_with("good", 0755), *link = NULL, *link_directory = NULL;
        struct outcome o;

        assert_true(asprintf(&link, "%s/namespace-linked.so", directory) > 0);
        assert_int_equal(symlink("namespace-good.so", link), 0);
        o = load(directory, "linked");
        assert_refused(&o, -EPERM, "BadBackend", "symbolic link");
        assert_true(asprintf(&link_directory, "%s.link", directory) > 0);
        assert_int_equal(symlink(directory, link_directory), 0);
        o = load(link_directory, "good");
        unlink(link_directory);
        harness_remove(directory);
        assert_refused(&o, -EPERM, "BadBackend", "is not a directory");
}

static void test_hard_link(void **state) {
        require_root();
        _cleanup_free_ char *directory = directory_with("good", 0755), *from = NULL, *to = NULL;
        struct outcome o;

        assert_true(asprintf(&from, "%s/namespace-good.so", directory) > 0);
        assert_true(asprintf(&to, "%s/elsewhere", directory) > 0);
        assert_int_equal(link(from, to), 0);
        o = load(directory, "good");
        harness_remove(directory);
        assert_refused(&o, -EPERM, "BadBackend", "hard link");
}

static void test_special_files(void **state) {
        require_root();
        _cleanup_free_ char *directory = harness_directory(), *fifo = NULL, *sub = NULL;
        struct outcome o;

        assert_true(asprintf(&fifo, "%s/namespace-fifo.so", directory) > 0);
        assert_true(asprintf(&sub, "%s/namespace-directory.so", directory) > 0);
        assert_int_equal(mkfifo(fifo, 0644), 0);
        assert_int_equal(mkdir(sub, 0755), 0);
        o = load(directory, "fifo");
        assert_refused(&o, -EPERM, "BadBackend", "not a regular file");
        o = load(directory, "directory");
        harness_remove(directory);
        assert_refused(&o, -EPERM, "BadBackend", "not a regular file");
}

static void test_names(void **state) {
        require_root();
        static const char *const names[] = {
                "../namespace-good",
                "a/b",
                "..",
                "",
                "Good",
                "-good",
                "good-",
                "go od",
                "a\nb",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        };
        _cleanup_free_ char *directory = directory_with("good", 0755);

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                struct outcome o = load(directory, names[i]);

                assert_int_equal(o.r, -EINVAL);
                assert_string_equal(o.error.name, "InvalidName");
                assert_false(o.ran);
        }
        harness_remove(directory);
}

static void test_missing_lists_what_there_is(void **state) {
        require_root();
        _cleanup_free_ char *directory = directory_with("good", 0755);
        struct outcome o = load(directory, "better");

        harness_remove(directory);
        assert_refused(&o, -ENOENT, "NoSuchBackend", "there is: good");
}

static void test_notes(void **state) {
        require_root();
        refuse_unrun("abi", "ABI 7");
        refuse_unrun("kind", "another kind");
        refuse_unrun("nonote", "no tenantd note");
}

static void test_symbol_and_path(void **state) {
        require_root();
        refuse_unrun("nosymbol", "does not export");
        refuse_unrun("rpath", "RPATH");
}

static void test_descriptors(void **state) {
        require_root();
        refuse_descriptor("noop", "lacks the operation describe");
        refuse_descriptor("twice", "there twice");
        refuse_descriptor("core", "belongs to tenantd itself");
        refuse_descriptor("misnamed", "calls itself");
        refuse_descriptor("short", "shorter than any known version");
        refuse_descriptor("lying", "descriptor says ABI 9");
        refuse_descriptor("cut", "impossible size");
}

static void test_plugin_with_an_older_header(void **state) {
        require_root();
        _cleanup_free_ char *directory = directory_with("old", 0755);
        struct outcome o = load(directory, "old");

        harness_remove(directory);
        assert_int_equal(o.r, 0);
        assert_int_equal(o.creator, 700000);
        assert_false(o.has_enter); /* the pointer is there in memory, but its header did not have it */
}

static void test_plugin_with_a_newer_header(void **state) {
        require_root();
        _cleanup_free_ char *directory = directory_with("future", 0755);
        struct outcome o = load(directory, "future");

        harness_remove(directory);
        assert_int_equal(o.r, 0);
        assert_int_equal(o.creator, 700000);
        assert_true(o.has_enter);
}

static int fd_of(const char *needle) {
        for (int fd = 3; fd < 1024; fd++) {
                char link[64], target[512];
                ssize_t n;

                snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
                n = readlink(link, target, sizeof(target) - 1);
                if (n > 0) {
                        target[n] = '\0';
                        if (strstr(target, needle)) {
                                return fd;
                        }
                }
        }
        return -1;
}

/*
 * The C library takes an object that was loaded by the same path for the same object. So the loader keeps
 * its descriptors; and when somebody closes one, and its number comes to name another plugin, that one is
 * refused rather than mistaken.
 */
static void child_reuses_number(const char *directory) {
        const Plugin *good, *again, *other;
        TenantError error = { 0 };
        int fd;

        plugin_set_directory(directory);
        if (plugin_load(TENANT_KIND_NAMESPACE, "good", &good, &error) < 0 ||
            plugin_load(TENANT_KIND_NAMESPACE, "good", &again, &error) < 0 || again != good) {
                _exit(2);
        }
        fd = fd_of("namespace-good.so");
        if (fd < 0 || !(fcntl(fd, F_GETFD) & FD_CLOEXEC)) {
                _exit(3);
        }
        if (plugin_load(TENANT_KIND_NAMESPACE, "other", &other, &error) < 0 || other == good ||
            strcmp(other->descriptor.name, "other") != 0) {
                _exit(4);
        }
        close(fd);
        if (plugin_load(TENANT_KIND_NAMESPACE, "future", &other, &error) != -ELIBBAD ||
            !strstr(error.message, "would be taken for")) {
                _exit(5);
        }
        _exit(0);
}

static void test_numbers_do_not_confuse(void **state) {
        require_root();
        static const char *const names[] = { "good", "other", "future" };
        _cleanup_free_ char *directory = harness_directory();
        int status;
        pid_t pid;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char from[512], name[64];

                snprintf(from, sizeof(from), "%s/namespace-%s.so", fixtures, names[i]);
                snprintf(name, sizeof(name), "namespace-%s.so", names[i]);
                harness_copy(from, directory, name, 0644);
        }
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                child_reuses_number(directory);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        harness_remove(directory);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
}

/* Runs this program again with `--load DIRECTORY NAME` in an environment; its exit status is the load's
 * result. */
static int load_in_environment(const char *directory, const char *name, const char *variable,
                               const char *value) {
        int status;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                setenv(variable, value, 1);
                setenv("ASAN_OPTIONS", "verify_asan_link_order=0",
                       1); /* a preloaded plugin comes before its runtime */
                execl(program, program, "--load", directory, name, NULL);
                _exit(127);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static void test_environment(void **state) {
        require_root();
        _cleanup_free_ char *right = directory_with("good", 0755), *evil = harness_directory(), *from = NULL,
                            *preload = NULL;

        assert_true(asprintf(&from, "%s/namespace-misnamed.so", fixtures) > 0);
        assert_true(asprintf(&preload, "%s/namespace-good.so", evil) > 0);
        harness_copy(from, evil, "namespace-good.so", 0755); /* would be refused for its name inside */
        assert_int_equal(load_in_environment(evil, "good", "IGNORED", "1"), 1);
        assert_int_equal(load_in_environment(right, "good", "LD_LIBRARY_PATH", evil), 0);
        assert_int_equal(load_in_environment(right, "good", "LD_PRELOAD", preload), 0);
        assert_int_equal(load_in_environment(right, "good", "TENANTD_PLUGIN_DIR", evil), 0);
        harness_remove(right);
        harness_remove(evil);
}

static int check_bytes(const char *data, size_t size) {
        _cleanup_close_ int fd = memfd_create("plugin", MFD_CLOEXEC);
        TenantError error = { 0 };

        assert_true(fd >= 0);
        assert_int_equal(fd_write_all(fd, data, size), 0);
        return elf_check_plugin(fd, size, TENANT_KIND_NAMESPACE, "bytes", &error);
}

/* The check must hold for any file: cut anywhere, or with any word of its tables turned into something else.
 */
static void test_damaged_files(void **state) {
        _cleanup_free_ char *data = NULL, *path = NULL;
        size_t size;
        unsigned seed = 1, refused = 0;

        assert_true(asprintf(&path, "%s/namespace-good.so", fixtures) > 0);
        assert_int_equal(file_read(AT_FDCWD, path, 64u << 20, &data, &size), 0);
        assert_int_equal(check_bytes(data, size), 0);
        for (size_t cut = 0; cut < 4096; cut += 61) {
                assert_int_equal(check_bytes(data, cut), -ELIBBAD);
        }
        for (size_t round = 0; round < 3000; round++) {
                size_t at = (size_t) rand_r(&seed) % 1400;
                uint32_t word, earlier;
                int r;

                memcpy(&earlier, data + at, sizeof(earlier));
                word = round % 3 == 0   ? UINT32_MAX
                       : round % 3 == 1 ? (uint32_t) rand_r(&seed)
                                        : earlier ^ (1u << round % 32);
                memcpy(data + at, &word, sizeof(word));
                r = check_bytes(data, size);
                assert_true(r == 0 || r == -ELIBBAD);
                refused += r < 0;
                memcpy(data + at, &earlier, sizeof(earlier));
        }
        assert_in_range(refused, 200, 3000); /* the headers that it reads are a tenth of what was damaged */
        assert_int_equal(check_bytes(data, size), 0);
}

static int load_for_parent(const char *directory, const char *name) {
        TenantError error = { 0 };
        const Plugin *plugin;

        plugin_set_directory(directory);
        return plugin_load(TENANT_KIND_NAMESPACE, name, &plugin, &error) < 0 ? 1
               : strcmp(plugin->descriptor.name, name) != 0                  ? 2
                                                                             : 0;
}

int main(int argc, char *argv[]) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_good_one_loads),
                cmocka_unit_test(test_owner),
                cmocka_unit_test(test_mode),
                cmocka_unit_test(test_directory_mode),
                cmocka_unit_test(test_parent_mode),
                cmocka_unit_test(test_symlinks),
                cmocka_unit_test(test_hard_link),
                cmocka_unit_test(test_special_files),
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_missing_lists_what_there_is),
                cmocka_unit_test(test_notes),
                cmocka_unit_test(test_symbol_and_path),
                cmocka_unit_test(test_descriptors),
                cmocka_unit_test(test_plugin_with_an_older_header),
                cmocka_unit_test(test_plugin_with_a_newer_header),
                cmocka_unit_test(test_numbers_do_not_confuse),
                cmocka_unit_test(test_environment),
                cmocka_unit_test(test_damaged_files),
        };

        if (argc == 4 && strcmp(argv[1], "--load") == 0) {
                return load_for_parent(argv[2], argv[3]);
        }
        if (argc != 2) {
                return 2;
        }
        program = "/proc/self/exe";
        fixtures = argv[1];
        return cmocka_run_group_tests_name("loader", tests, NULL, NULL);
}

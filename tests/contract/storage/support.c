/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * support.c: the host that the plugin sees, the census, and the trees. It works in a mount namespace of its
 * own and refuses a store that is not empty. Owner: the storage backends.
 */
#include "support.h"
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

const struct tenant_plugin *plugin;
const struct tenant_storage_ops *ops;
int store_fd = -1;
char store_path[4096];
char canary_path[sizeof(store_path) + 16];
struct tenant_error error;
struct tenant_value values[2];
unsigned cancel_after; /* 0: never */
static unsigned cancel_asked;

static void host_log(void *userdata, int level, const char *message) {
        print_message("# log %d: %s\n", level, message);
}

static bool host_cancelled(void *userdata) {
        cancel_asked++;
        return cancel_after != 0 && cancel_asked >= cancel_after;
}

static void host_progress(void *userdata, double fraction, const char *stage) {
        assert_true(fraction <= 1.0);
        assert_non_null(stage);
}

const struct tenant_host host = {
        .struct_size = sizeof(host),
        .log = host_log,
        .cancelled = host_cancelled,
        .progress = host_progress,
};

struct tenant_context acme = {
        .struct_size = sizeof(acme),
        .name = "acme",
        .id_base = ID_BASE,
        .id_count = ID_COUNT,
        .project_id = PROJECT,
        .values = values,
        .n_values = 2,
        .host = &host,
};

bool has_limits(void) {
        return ops->capabilities & TENANT_STORAGE_LIMIT_BYTES;
}

static struct tenant_value given(uint64_t number) {
        return (struct tenant_value){ .is_set = true, .is_explicit = true, .u64 = number, .text = "" };
}

void set_size(uint64_t bytes) {
        values[0] = given(bytes);
        values[1] = (struct tenant_value){ .text = "" };
}

void set_limits(uint64_t bytes, uint64_t inodes) {
        values[0] = given(bytes);
        values[1] = given(inodes);
}

/* The error of a call must carry a name and a text. */
void expect_error(int r, int code, const char *name) {
        if (r != code || strcmp(error.name, name) != 0) {
                print_error("got %d (%s), name '%s', message '%s'\n", r, strerror(-r), error.name,
                            error.message);
        }
        assert_int_equal(r, code);
        assert_int_equal(error.code, code);
        assert_string_equal(error.name, name);
        assert_true(strlen(error.message) > 20);
        error = (struct tenant_error){ 0 };
}

void expect_done(int r) {
        if (r != 0) {
                print_error("got %d (%s): %s\n", r, strerror(-r), error.message);
        }
        assert_int_equal(r, 0);
}

void provision(void) {
        expect_done(ops->provision(&acme, store_fd, &error));
}

void destroy(void) {
        expect_done(ops->destroy(&acme, store_fd, &error));
}

unsigned count_entries(int dir_fd, const char *path) {
        int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        unsigned n = 0;

        if (!dir) {
                return 0;
        }
        for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
                n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
        }
        closedir(dir);
        return n;
}

/* Nothing but the backend's two own, empty directories. */
static void assert_store_empty(void) {
        assert_int_equal(count_entries(store_fd, "volumes/.pending"), 0);
        assert_true(count_entries(store_fd, "volumes") <= 1);
}

int volume_open(const char *below) {
        char path[256];
        int fd;

        snprintf(path, sizeof(path), "volumes/acme/%s", below);
        fd = openat(store_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0);
        return fd;
}

void write_file(int dir_fd, const char *name) {
        int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, "x", 1), 1);
        close(fd);
}

void canary_make(void) {
        int fd;

        assert_int_equal(mkdir(canary_path, 0700), 0);
        fd = open(canary_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(mkdirat(fd, "below", 0755), 0);
        write_file(fd, "below/file");
        write_file(fd, "file");
        close(fd);
}

void canary_assert_alive(void) {
        assert_int_equal(count_entries(AT_FDCWD, canary_path), 2);
        assert_int_equal(faccessat(store_fd, "canary/below/file", F_OK, 0), 0);
        assert_int_equal(faccessat(store_fd, "canary/file", F_OK, 0), 0);
}

void canary_remove(void) {
        assert_int_equal(unlinkat(store_fd, "canary/below/file", 0), 0);
        assert_int_equal(unlinkat(store_fd, "canary/below", AT_REMOVEDIR), 0);
        assert_int_equal(unlinkat(store_fd, "canary/file", 0), 0);
        assert_int_equal(unlinkat(store_fd, "canary", AT_REMOVEDIR), 0);
}

void attributes_set(int dir_fd, const char *name, unsigned attributes) {
        unsigned now = 0;
        int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);

        assert_true(fd >= 0);
        if (ioctl(fd, FS_IOC_GETFLAGS, &now) == 0) { /* a file system without them has nothing to test */
                now |= attributes;
                assert_int_equal(ioctl(fd, FS_IOC_SETFLAGS, &now), 0);
        }
        close(fd);
}

int quota(unsigned command, uint32_t project_id, struct if_dqblk *block) {
        return (int) syscall(SYS_quotactl_fd, store_fd, command << SUBCMDSHIFT | PRJQUOTA, project_id,
                             block);
}

/* Independent of the backend: what the kernel has of the project. xfs says ENOENT where there never was
 * anything. */
struct if_dqblk quota_read(uint32_t project_id) {
        struct if_dqblk block = { 0 };
        int r = quota(Q_GETQUOTA, project_id, &block);

        assert_true(r == 0 || errno == ENOENT);
        return block;
}

static void assert_project_unused(void) {
        struct if_dqblk block = quota_read(PROJECT);

        assert_int_equal(block.dqb_curinodes, 0);
        assert_int_equal(block.dqb_curspace, 0);
        assert_int_equal(block.dqb_bhardlimit, 0);
        assert_int_equal(block.dqb_bsoftlimit, 0);
        assert_int_equal(block.dqb_ihardlimit, 0);
        assert_int_equal(block.dqb_isoftlimit, 0);
}

static unsigned count_fds(void) {
        return count_entries(AT_FDCWD, "/proc/self/fd");
}

unsigned count_mounts(void) {
        FILE *file = fopen("/proc/self/mountinfo", "re");
        unsigned n = 0;

        assert_non_null(file);
        for (int c = fgetc(file); c != EOF; c = fgetc(file)) {
                n += c == '\n';
        }
        fclose(file);
        return n;
}

static unsigned fds_before, mounts_before;

int setup(void **state) {
        error = (struct tenant_error){ 0 };
        cancel_after = cancel_asked = 0;
        memset(values, 0, sizeof(values));
        if (has_limits()) {
                set_limits(LIMIT_BYTES, LIMIT_INODES);
        }
        fds_before = count_fds();
        mounts_before = count_mounts();
        return 0;
}

/* Every test ends with the census. */
int teardown(void **state) {
        assert_store_empty();
        assert_int_equal(count_fds(), fds_before);
        assert_int_equal(count_mounts(), mounts_before);
        if (has_limits() && ops->fit(&host, store_fd, NULL) == 0) {
                assert_project_unused();
        }
        return 0;
}

/* Makes a chain of directories below dir_fd; where the chain forks, each directory has a few more, and a
 * file. */
void tree_deep(int dir_fd, unsigned depth, bool forks) {
        int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), next;

        for (unsigned i = 0; i < depth; i++) {
                assert_int_equal(mkdirat(fd, "d", 0755), 0);
                next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                assert_true(next >= 0);
                close(fd);
                fd = next;
                if (forks) {
                        write_file(fd, "file");
                        assert_int_equal(mkdirat(fd, "e", 0755), 0);
                        assert_int_equal(mkdirat(fd, "e/e", 0755), 0);
                        assert_int_equal(mkdirat(fd, "f", 0755), 0);
                        write_file(fd, "f/file");
                }
        }
        close(fd);
}

void cancelled_destroy(void) {
        int fd;

        if (has_limits()) {
                set_limits(UINT64_MAX, UINT64_MAX);
        }
        provision();
        fd = volume_open("upper");
        tree_deep(fd, 400, true);
        close(fd);
        cancel_after = 3;
        expect_error(ops->destroy(&acme, store_fd, &error), -ECANCELED, "Failed");
        cancel_after = 0;
        assert_int_equal(faccessat(store_fd, "volumes/acme", F_OK, 0), -1);
        assert_int_equal(count_entries(store_fd, "volumes/.pending"), 1);
}

static int report(const char *what) {
        fprintf(stderr, "test-storage: %s: %s\n", what, strerror(errno));
        return 2;
}

/* The store as a tenantd host mounts it: nosuid, nodev, noexec; in a namespace of our own. */
int store_prepare(const char *path) {
        if (!path || !realpath(path, store_path)) {
                return report("store");
        }
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount(store_path, store_path, NULL, MS_BIND, NULL) < 0 ||
            mount(NULL, store_path, NULL, MS_REMOUNT | MS_BIND | STORE_FLAGS, NULL) < 0) {
                return report("mount namespace");
        }
        store_fd = open(store_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (store_fd < 0 || fchmod(store_fd, 0700) < 0) {
                return report(path);
        }
        snprintf(canary_path, sizeof(canary_path), "%s/canary", store_path);
        if (count_entries(store_fd, ".") != 0) {
                errno = ENOTEMPTY;
                return report(path);
        }
        return 0;
}

void store_release(void) {
        close(store_fd);
        (void) umount2(store_path, MNT_DETACH); /* the namespace ends with us */
}

int plugin_load(const char *path) {
        const struct tenant_plugin *(*get)(void);
        void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

        if (!handle) {
                fprintf(stderr, "test-storage: %s\n", dlerror());
                return 2;
        }
        *(void **) &get = dlsym(handle, TENANT_PLUGIN_SYMBOL);
        if (!get) {
                fprintf(stderr, "test-storage: %s\n", dlerror());
                return 2;
        }
        plugin = get();
        ops = plugin->ops;
        return 0;
}

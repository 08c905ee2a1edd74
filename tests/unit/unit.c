/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unit.c: see unit.h. Refuses to write outside its own temporary directory. Owned by tests/unit. */
#include "unit.h"
#include "fd.h"
#include "io.h"
#include "parse.h"
#include "paths.h"
#include "tree.h"
#include <fcntl.h>

static char root[200];
static uint32_t random_state = 0x2545F491u;

/* Memory rather than a disk: the tests make directories by the thousand and sync the file system. */
static const char *base_directory(void) {
        const char *base = getenv("TMPDIR");

        if (base && base[0] == '/') {
                return base;
        }
        return access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
}

int unit_root_setup(void **state) {
        snprintf(root, sizeof(root), "%.150s/tenantd-unit-XXXXXX", base_directory());
        if (!mkdtemp(root)) {
                return -1;
        }
        paths_set_root(root);
        return 0;
}

/* With the directory itself or without. */
static int clear(bool all) {
        _cleanup_close_ int base_fd = open(base_directory(), O_PATH | O_DIRECTORY | O_CLOEXEC);
        int r = tree_remove(base_fd, strrchr(root, '/') + 1);

        if (r < 0) {
                return -1;
        }
        return all ? 0 : mkdir(root, 0700);
}

int unit_root_teardown(void **state) {
        return clear(true);
}

int unit_root_empty(void **state) {
        return clear(false);
}

const char *unit_root(void) {
        return root;
}

const char *unit_path(const char *path) {
        static char buffers[8][512];
        static unsigned next;
        char *buf = buffers[next++ % ELEMENTSOF(buffers)];

        snprintf(buf, sizeof(buffers[0]), "%s/%s", root, path);
        return buf;
}

void unit_write_bytes(const char *path, const void *data, size_t size) {
        _cleanup_free_ char *above = strdup(unit_path(path));
        _cleanup_close_ int fd = -1;

        *strrchr(above, '/') = '\0';
        assert_int_equal(mkdir_parents(above, 0755), 0);
        fd = open(unit_path(path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(fd_write_all(fd, data, size), 0);
}

void unit_write(const char *path, const char *text) {
        unit_write_bytes(path, text, strlen(text));
}

char *unit_read(const char *path) {
        char *text = NULL;

        assert_int_equal(file_read(AT_FDCWD, unit_path(path), 4u << 20, &text, NULL), 0);
        return text;
}

bool unit_exists(const char *path) {
        struct stat st;

        return lstat(unit_path(path), &st) >= 0;
}

static size_t count_entries(const char *path) {
        _cleanup_closedir_ DIR *dir = opendir(path);
        size_t n = 0;

        assert_non_null(dir);
        for (struct dirent *e; (e = readdir(dir));) {
                n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
        }
        return n;
}

size_t unit_count(const char *path) {
        return count_entries(unit_path(path));
}

size_t unit_open_fds(void) {
        return count_entries("/proc/self/fd");
}

uint32_t unit_random(uint32_t below) {
        random_state ^= random_state << 13;
        random_state ^= random_state >> 17;
        random_state ^= random_state << 5;
        return random_state % below;
}

void unit_assert_error(const TenantError *e, int r, int code, const char *name, const char *part,
                       const char *file, int line) {
        if (r != -code || e->code != -code || strcmp(e->name, name) != 0 || !strstr(e->message, part) ||
            !text_is_safe(e->message, sizeof(e->message) - 1)) {
                print_error("%s:%d: expected -%d %s \"…%s…\", got r=%d code=%d %s \"%s\"\n", file, line,
                            code, name, part, r, e->code, e->name, e->message);
                _fail(file, line);
        }
}

void unit_assert_ok(const TenantError *e, int r, const char *file, int line) {
        if (r < 0) {
                print_error("%s:%d: r=%d %s \"%s\"\n", file, line, r, e->name, e->message);
                _fail(file, line);
        }
}

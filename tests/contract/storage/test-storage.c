/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-storage.c: what a storage backend promises, tried on a real file system as root: test-storage
 * PLUGIN.so [STORE].
 *
 * STORE is an empty directory (default: a new one below TMPDIR). Its file system decides what runs: a
 * backend with limits needs one that enforces project quotas, and is otherwise tested for its refusal.
 * Owner: the storage backends.
 */
#include "support.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TESTS_MAX 64

static struct CMUnitTest tests[TESTS_MAX];
static size_t n_tests;

static void add(const struct CMUnitTest *more, size_t n_more) {
        for (size_t i = 0; i < n_more && n_tests < TESTS_MAX; i++) {
                tests[n_tests++] = more[i];
        }
}

static void choose(void) {
        if (ops->fit(&host, store_fd, &error) < 0) {
                printf("# %s\n# so the refusal is tested here, and limits are not\n", error.message);
                add(refusal_tests, n_refusal_tests);
                return;
        }
        add(volume_tests, n_volume_tests);
        if (has_limits()) {
                add(limits_tests, n_limits_tests);
        } else {
                add(unlimited_tests, n_unlimited_tests);
        }
}

static char *store_make(void) {
        static char path[256];
        const char *parent = getenv("TMPDIR");

        snprintf(path, sizeof(path), "%s/test-storage.XXXXXX", parent ? parent : "/var/tmp");
        return mkdtemp(path);
}

int main(int argc, char **argv) {
        char *made = NULL;
        int r;

        if (argc < 2 || argc > 3) {
                fprintf(stderr, "Usage: %s PLUGIN.so [STORE]\n", argv[0]);
                return 2;
        }
        if (geteuid() != 0) {
                printf("1..0 # SKIP needs root\n");
                return 0;
        }
        if (argc == 2) {
                made = store_make();
        }
        if (plugin_load(argv[1]) != 0 || store_prepare(argc == 3 ? argv[2] : made) != 0) {
                return 2;
        }
        choose();
        r = _cmocka_run_group_tests("storage", tests, n_tests, NULL, NULL);
        (void) unlinkat(store_fd, "volumes/.pending",
                        AT_REMOVEDIR); /* the store as it was, if it is empty */
        (void) unlinkat(store_fd, "volumes", AT_REMOVEDIR);
        store_release();
        if (made && rmdir(made) < 0) {
                perror(made);
                return 2;
        }
        return r;
}

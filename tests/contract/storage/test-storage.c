/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-storage.c: what a storage backend promises, tried on a real file system as root: test-storage
 * PLUGIN.so limits|unlimited|refusal [STORE].
 *
 * STORE is an empty directory (default: a new one below TMPDIR). A backend with limits needs a file system
 * that enforces project quotas, and refuses any other. Which it is to be is said by who runs this: another
 * answer of the backend's is a failure. Owner: the storage backends.
 */
#include "support.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TESTS_MAX 64

static struct CMUnitTest tests[TESTS_MAX];
static size_t n_tests;

static void add(const struct CMUnitTest *more, size_t n_more) {
        for (size_t i = 0; i < n_more && n_tests < TESTS_MAX; i++) {
                tests[n_tests++] = more[i];
        }
}

/* What the backend makes of the store, as it is called in the arguments. */
static const char *fits(void) {
        if (ops->fit(&host, store_fd, &error) < 0) {
                printf("# %s\n", error.message);
                return "refusal";
        }
        return has_limits() ? "limits" : "unlimited";
}

static void choose(const char *wanted) {
        if (strcmp(wanted, "refusal") == 0) {
                add(refusal_tests, n_refusal_tests);
                return;
        }
        add(volume_tests, n_volume_tests);
        if (strcmp(wanted, "limits") == 0) {
                add(limits_tests, n_limits_tests);
        } else {
                add(unlimited_tests, n_unlimited_tests);
        }
}

static int run(const char *wanted) {
        const char *is = fits();

        if (strcmp(is, wanted) != 0) {
                printf("Bail out! wanted: %s, but here it is %s\n", wanted, is);
                return 2;
        }
        choose(wanted);
        return _cmocka_run_group_tests("storage", tests, n_tests, NULL, NULL);
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

        if (argc < 3 || argc > 4) {
                fprintf(stderr, "Usage: %s PLUGIN.so limits|unlimited|refusal [STORE]\n", argv[0]);
                return 2;
        }
        if (geteuid() != 0) {
                printf("1..0 # SKIP needs root\n");
                return 0;
        }
        if (argc == 3) {
                made = store_make();
        }
        if (plugin_load(argv[1]) != 0 || store_prepare(argc == 4 ? argv[3] : made) != 0) {
                return 2;
        }
        r = run(argv[2]);
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

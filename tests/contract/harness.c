/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* harness.c: see harness.h. Leaves nothing outside the directories it makes. Owned by the contract tests. */
#include "harness.h"
#include "io.h"
#include <dirent.h>
#include <ftw.h>

char *harness_directory(void) {
        const char *above = getenv("TMPDIR");
        char *path = NULL;

        assert_true(asprintf(&path, "%s/tenantd-contract.XXXXXX", above ? above : "/tmp") > 0);
        assert_non_null(mkdtemp(path));
        assert_int_equal(chmod(path, 0755), 0);
        return path;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        return remove(path);
}

void harness_remove(const char *path) {
        assert_int_equal(nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void harness_copy(const char *from, const char *directory, const char *name, mode_t mode) {
        _cleanup_free_ char *data = NULL, *to = NULL;
        _cleanup_close_ int fd = -1;
        size_t size = 0;

        assert_int_equal(file_read(AT_FDCWD, from, 64u << 20, &data, &size), 0);
        assert_true(asprintf(&to, "%s/%s", directory, name) > 0);
        fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(fd_write_all(fd, data, size), 0);
        assert_int_equal(fchmod(fd, mode), 0);
}

enum tenant_kind harness_parse_path(const char *path, char name[static 64]) {
        const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

        for (enum tenant_kind k = 0; k < TENANT_KIND_COUNT; k++) {
                size_t prefix = strlen(plugin_kind_name[k]), size = strlen(base);

                if (strncmp(base, plugin_kind_name[k], prefix) == 0 && base[prefix] == '-' &&
                    size > prefix + 4 && strcmp(base + size - 3, ".so") == 0) {
                        snprintf(name, 64, "%.*s", (int) (size - prefix - 4), base + prefix + 1);
                        return k;
                }
        }
        fail_msg("%s: not a KIND-NAME.so", path);
        return TENANT_KIND_COUNT;
}

size_t harness_count_fds(void) {
        _cleanup_closedir_ DIR *d = opendir("/proc/self/fd");
        size_t n = 0;

        assert_non_null(d);
        for (struct dirent *e = readdir(d); e; e = readdir(d)) {
                n += e->d_name[0] != '.';
        }
        return n;
}

void harness_assert_error(int r, const TenantError *error) {
        static const char *const names[] = {
                "Failed",        "InvalidName",   "InvalidSetting", "NoSuchTenant", "TenantExists",
                "NoSuchBackend", "BadBackend",    "NotSupported",   "Busy",         "Running",
                "NotRunning",    "QuotaExceeded", "NoSpace",        "AddressInUse", "HostNotReady",
                "Canceled",      "Timeout",       "Damaged",        "NoSuchVolume",
        };
        bool known = false;

        assert_true(r < 0);
        assert_int_equal(error->code, r);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                known = known || strcmp(error->name, names[i]) == 0;
        }
        if (!known) {
                fail_msg("\"%s\" is not an error name (message: %s)", error->name, error->message);
        }
        assert_true(strlen(error->message) > 10);
        assert_null(strchr(error->message, '\n'));
}

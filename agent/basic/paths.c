/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* paths.c: see paths.h. */
#include "paths.h"
#include "fd.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

static const struct {
        const char *path;
        mode_t mode;
} table[PATH_COUNT] = {
        [PATH_DEFINITIONS] = { "/etc/tenantd/tenants", 0755 },
        [PATH_CONFIG] = { "/etc/tenantd/tenantd.conf", 0 },
        [PATH_STATE] = { "/var/lib/tenantd", 0700 },
        [PATH_TENANTS] = { "/var/lib/tenantd/tenants", 0700 },
        [PATH_IMAGES] = { "/var/lib/tenantd/images", 0700 },
        [PATH_STORAGE] = { "/var/lib/tenantd/storage", 0700 },
        [PATH_RUNTIME] = { "/run/tenantd", 0711 },
        [PATH_MACHINES] = { "/run/tenantd/.machines", 0 },
        [PATH_SUBUID] = { "/etc/subuid", 0 },
        [PATH_SUBGID] = { "/etc/subgid", 0 },
        [PATH_ENABLED] = { "/etc/systemd/system/tenants.target.wants", 0755 },
};

static char paths[PATH_COUNT][PATH_MAX / 8];

void paths_set_root(const char *root) {
        for (size_t i = 0; i < PATH_COUNT; i++) {
                snprintf(paths[i], sizeof(paths[i]), "%.256s%s", root, table[i].path);
        }
}

const char *path_get(enum path_id id) {
        if (!paths[id][0]) {
                paths_set_root("");
        }
        return paths[id];
}

int path_open(enum path_id id) {
        int fd = open(path_get(id), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

        if (fd < 0 && errno == ENOENT) {
                int r = mkdir_parents(path_get(id), table[id].mode);

                if (r < 0) {
                        return r;
                }
                fd = open(path_get(id), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        }
        return fd < 0 ? -errno : fd;
}

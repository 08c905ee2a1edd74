/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* usermap.c: see usermap.h. Judges no map: what a tenant may have is the allocation's. Owned by the compose library. */
#include "usermap.h"
#include "io.h"
#include <fcntl.h>

static int write_map(pid_t pid, const char *file, const struct tenant_idmap *map, uint32_t n) {
        char path[64], text[TENANT_IDMAP_MAX * 36];
        size_t used = 0;

        for (uint32_t i = 0; i < n; i++) {
                used += (size_t) snprintf(text + used, sizeof(text) - used, "%u %u %u\n", map[i].inside,
                                          map[i].outside, map[i].count);
        }
        snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
        return file_write_at(AT_FDCWD, path, text);
}

int usermap_write(pid_t pid, const struct tenant_namespace_plan *plan) {
        int r = write_map(pid, "uid_map", plan->uid_map, plan->n_uid_map);

        return r < 0 ? r : write_map(pid, "gid_map", plan->gid_map, plan->n_gid_map);
}

int usermap_write_range(pid_t pid, uint32_t inside, uint32_t outside, uint32_t count) {
        const struct tenant_idmap line = { .inside = inside, .outside = outside, .count = count };
        const struct tenant_namespace_plan plan = {
                .uid_map = { line }, .n_uid_map = 1, .gid_map = { line }, .n_gid_map = 1
        };

        return usermap_write(pid, &plan);
}

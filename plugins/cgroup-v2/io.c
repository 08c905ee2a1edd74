/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * io.c: limits that the kernel keeps per disk (io.max). A tenant has one number for each of its settings, which holds on every disk
 * of the host by itself: where the store lies, and over how many disks, is not known here. Refuses virtual disks (loop, dm, md): what
 * goes through them comes to real ones. Owned by cgroup-v2.
 */
#include "v2.h"
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define DISK_MAX 24u /* "4294967295:4294967295" */

static const struct {
        enum v2_setting setting;
        const char *key;
} keys[] = {
        { SETTING_IO_READ_BANDWIDTH_MAX, "rbps" },
        { SETTING_IO_WRITE_BANDWIDTH_MAX, "wbps" },
        { SETTING_IO_READ_IOPS_MAX, "riops" },
        { SETTING_IO_WRITE_IOPS_MAX, "wiops" },
};

#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

static void dir_close_p(DIR **d) {
        if (*d) {
                closedir(*d);
        }
}

/* " rbps=max wbps=1048576 …" of those that are set, or of all; empty when none is. */
static void limits_text(const struct tenant_context *context, bool all, char *ret, size_t size) {
        size_t used = 0;

        ret[0] = '\0';
        for (size_t i = 0; i < N_KEYS; i++) {
                const struct tenant_value *v =
                        keys[i].setting < context->n_values ? &context->values[keys[i].setting] : NULL;

                if (v && v->is_set && v->u64 != UINT64_MAX) {
                        used += (size_t) snprintf(ret + used, size - used, " %s=%" PRIu64, keys[i].key,
                                                  v->u64);
                } else if (all) {
                        used += (size_t) snprintf(ret + used, size - used, " %s=max", keys[i].key);
                }
        }
}

/* "MAJOR:MINOR" of a disk that is a device; false: a virtual one, or a drive without a medium. */
static bool disk_number(int block_fd, const char *name, char ret[static DISK_MAX]) {
        char path[300], size[32];

        snprintf(path, sizeof(path), "%s/device", name);
        if (faccessat(block_fd, path, F_OK, 0) < 0) {
                return false;
        }
        snprintf(path, sizeof(path), "%s/size", name);
        if (cgroup_read(block_fd, path, size, sizeof(size)) < 0 || strtoull(size, NULL, 10) == 0) {
                return false;
        }
        snprintf(path, sizeof(path), "%s/dev", name);
        if (cgroup_read(block_fd, path, ret, DISK_MAX) < 0) {
                return false;
        }
        ret[strcspn(ret, "\n")] = '\0';
        return true;
}

int io_limits_write(const struct tenant_context *context, int payload_fd, bool all) {
        __attribute__((cleanup(dir_close_p))) DIR *blocks = NULL;
        char limits[160], disk[DISK_MAX], text[sizeof(limits) + DISK_MAX];
        struct dirent *entry;
        int r = 0;

        limits_text(context, all, limits, sizeof(limits));
        blocks = limits[0] ? opendir("/sys/block") : NULL;
        while (r == 0 && blocks && (entry = readdir(blocks))) {
                if (entry->d_name[0] == '.' || !disk_number(dirfd(blocks), entry->d_name, disk)) {
                        continue;
                }
                snprintf(text, sizeof(text), "%s%s", disk, limits);
                r = cgroup_write(payload_fd, "io.max", text);
                if (r == -ENODEV || r == -EOPNOTSUPP) {
                        r = 0; /* it went away, or its driver takes no limits: nothing of a tenant's is on it */
                }
        }
        return r;
}

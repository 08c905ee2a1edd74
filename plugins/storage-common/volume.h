/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * volume.h: a tenant's volume as a directory tree below a store, which is what storage-directory and
 * storage-projectquota share.
 *
 *   STORE/volumes/NAME              a complete volume
 *   STORE/volumes/.pending/STAGE    one being made or removed; STAGE is NAME, or NAME.PROJECT for a backend
 *                                   whose limits have a project id
 *
 * A volume appears under its name, and vanishes from it, by one rename. Whoever works in a stage holds
 * flock(2) on it, so that whatever is in .pending without a lock was left by a crash and may be removed by
 * anyone.
 */
#pragma once

#include "tenant-plugin.h"
#include "tenant-storage.h"
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _must_check_ __attribute__((warn_unused_result))
#define _printf_(a, b) __attribute__((format(printf, a, b)))

static inline void volume_close_p(int *fd) {
        if (*fd >= 0) {
                int saved = errno;

                close(*fd);
                errno = saved;
        }
}

#define _cleanup_close_ _cleanup_(volume_close_p)

enum volume_value { VOLUME_VALUE_SIZE, VOLUME_VALUE_INODES, VOLUME_VALUE_COUNT };

extern const struct tenant_setting volume_settings[VOLUME_VALUE_COUNT];

/* Did the operator say anything, also "infinity"? */
bool volume_is_set(const struct tenant_context *context, enum volume_value value) _must_check_;

/* The limit that the operator asked for, 0: none. */
uint64_t volume_limit(const struct tenant_context *context, enum volume_value value) _must_check_;

/*
 * What a backend adds to a plain directory tree. All members may be NULL. Each returns 0 or negative errno
 * with *error set.
 */
struct volume_policy {
        bool names_project; /* stages carry the project id */

        /* Before the volume is made: may this tenant have a volume here? base_fd is STORE/volumes. */
        int (*admit)(const struct tenant_context *context, int base_fd, struct tenant_error *error);

        /* The top directory exists, is empty and belongs to the host's root: put it under its limits. */
        int (*limit)(const struct tenant_context *context, int top_fd, struct tenant_error *error);

        /* The tree of a stage is gone: give its project id back. */
        int (*release)(const struct tenant_host *host, int base_fd, uint32_t project_id,
                       struct tenant_error *error);
};

/* Opens STORE/volumes; *ret_fd passes to the caller. -ENOENT NoSuchVolume: nothing was ever made here;
 * -EPERM Failed: it is somebody else's. */
int volume_base_open(int store_fd, int *ret_fd, struct tenant_error *error) _must_check_;

/* Opens the top directory of a volume; *ret_fd passes to the caller. -ENOENT NoSuchVolume; -ESTALE Failed:
 * of another id range. */
int volume_top_open(const struct tenant_context *context, int base_fd, int *ret_fd,
                    struct tenant_error *error) _must_check_;

/* tenant_storage_ops.provision, destroy, collect; see there. */
int volume_provision(const struct tenant_context *context, int store_fd, const struct volume_policy *policy,
                     struct tenant_error *error) _must_check_;
int volume_destroy(const struct tenant_context *context, int store_fd, const struct volume_policy *policy,
                   struct tenant_error *error) _must_check_;
int volume_collect(const struct tenant_host *host, int store_fd, const struct volume_policy *policy,
                   struct tenant_error *error) _must_check_;

/* A detached clone of the mount that top_fd is on, rooted at top_fd, with the flags of a tenant;
 * mount_setattr(2). */
int volume_mount_clone(int top_fd, int *ret_mount_fd, struct tenant_error *error) _must_check_;

/* Is a volume of this project id being made or removed now, or left half-way? *ret_stage is its name,
 * NAME_MAX + 1 bytes. */
int volume_project_pending(int base_fd, uint32_t project_id, const char *but_name, char *ret_stage)
        _must_check_;

/* Fills the caller's struct as far as it reaches. -EINVAL Failed: its size is not set. */
int volume_usage_return(struct tenant_storage_usage *ret_usage, const struct tenant_storage_usage *usage,
                        struct tenant_error *error) _must_check_;

/* The host's services, where it offers them. */
bool volume_cancelled(const struct tenant_host *host);
void volume_log(const struct tenant_host *host, int level, const char *format, ...) _printf_(3, 4);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * directory.c: the storage backend storage-directory: a volume is a directory tree on whatever file system
 * the store has.
 *
 * It has no limits, says so, and refuses settings that ask for one instead of ignoring them: a tenant of
 * this backend can fill the store. It does not count either, since that would mean to walk the tree. Owner:
 * the plugin itself; the tree work is storage-common's.
 */
#include "volume.h"

static const struct volume_policy directory_policy = { .names_project = false };

static int directory_validate(const struct tenant_context *context, struct tenant_error *error) {
        for (size_t i = 0; i < context->n_values && i < VOLUME_VALUE_COUNT; i++) {
                if (context->values[i].is_explicit && volume_limit(context, (enum volume_value) i) != 0) {
                        return tenant_error_set(
                                error, -ENOTSUP, "NotSupported",
                                "%s= cannot be kept by storage backend 'directory', which has no limits: "
                                "use "
                                "Backend=projectquota (a store on ext4 or xfs), or leave %s= out",
                                volume_settings[i].key, volume_settings[i].key);
                }
        }
        return 0;
}

static int directory_provision(const struct tenant_context *context, int store_fd,
                               struct tenant_error *error) {
        int r = directory_validate(context, error);

        return r < 0 ? r : volume_provision(context, store_fd, &directory_policy, error);
}

static int directory_attach(const struct tenant_context *context, int store_fd, int *ret_mount_fd,
                            struct tenant_error *error) {
        _cleanup_close_ int base_fd = -1, top_fd = -1;
        int r = volume_base_open(store_fd, &base_fd, error);

        if (r == 0) {
                r = volume_top_open(context, base_fd, &top_fd, error);
        }
        return r < 0 ? r : volume_mount_clone(top_fd, ret_mount_fd, error);
}

static int directory_usage(const struct tenant_context *context, int store_fd,
                           struct tenant_storage_usage *ret_usage, struct tenant_error *error) {
        static const struct tenant_storage_usage unknown = {
                .bytes = UINT64_MAX,
                .bytes_limit = UINT64_MAX,
                .inodes = UINT64_MAX,
                .inodes_limit = UINT64_MAX,
        };

        return volume_usage_return(ret_usage, &unknown, error);
}

static int directory_destroy(const struct tenant_context *context, int store_fd,
                             struct tenant_error *error) {
        return volume_destroy(context, store_fd, &directory_policy, error);
}

static int directory_fit(const struct tenant_host *host, int store_fd, struct tenant_error *error) {
        return 0; /* any file system has directories */
}

static int directory_collect(const struct tenant_host *host, int store_fd,
                             const struct tenant_context *living, size_t n_living,
                             struct tenant_error *error) {
        return volume_collect(host, store_fd, &directory_policy, error);
}

static const struct tenant_storage_ops directory_ops = {
        .struct_size = sizeof(directory_ops),
        .capabilities = 0,
        .provision = directory_provision,
        .attach = directory_attach,
        .usage = directory_usage,
        .destroy = directory_destroy,
        .fit = directory_fit,
        .collect = directory_collect,
};

static const struct tenant_plugin directory_plugin = {
        .struct_size = sizeof(directory_plugin),
        .abi = TENANT_PLUGIN_ABI,
        .kind = TENANT_KIND_STORAGE,
        .priority = 0,
        .name = "directory",
        .version = PLUGIN_VERSION,
        .summary = "volumes as plain directories, without any limit",
        .settings = volume_settings,
        .n_settings = VOLUME_VALUE_COUNT,
        .validate = directory_validate,
        .ops = &directory_ops,
};

TENANT_PLUGIN_NOTE(TENANT_KIND_STORAGE)

TENANT_PLUGIN_EXPORT const struct tenant_plugin *tenant_plugin_get_v0(void) {
        return &directory_plugin;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * storage.c: storage-null, a test double: plain directories of the caller in the store, no limit, no mount,
 * no other owner, so that it works without root. Refuses trees deeper than it makes itself. Never shipped.
 * Owned by the tests.
 */
#include "null.h"
#include "tenant-storage.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define VOLUMES "volumes"
#define DEPTH_MAX 8

static void close_p(int *fd) {
        if (*fd >= 0) {
                close(*fd);
        }
}
#define _closed_ __attribute__((cleanup(close_p)))

static int storage_validate(const struct tenant_context *context, struct tenant_error *error) {
        static const char *const operations[] = { "validate", "provision", "attach", "detach",
                                                  "resize",   "usage",     "destroy" };

        return null_validate(context, operations, sizeof(operations) / sizeof(operations[0]), error);
}

static int open_directory(int dir_fd, const char *name) {
        int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

static int remove_tree(int dir_fd, const char *name, int depth) {
        int fd = open_directory(dir_fd, name), r = 0;
        DIR *d;

        if (fd == -ENOENT) {
                return 0;
        }
        if (fd == -ENOTDIR || fd == -ELOOP) {
                return unlinkat(dir_fd, name, 0) < 0 ? -errno : 0;
        }
        d = fd < 0 || depth > DEPTH_MAX ? NULL : fdopendir(fd);
        if (!d) {
                close_p(&fd);
                return fd < 0 ? fd : -EMLINK;
        }
        for (struct dirent *e = readdir(d); e && r >= 0; e = readdir(d)) {
                if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
                        r = remove_tree(dirfd(d), e->d_name, depth + 1);
                }
        }
        closedir(d);
        return r < 0 ? r : unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

static int make_volume(int volumes_fd, const char *name) {
        static const char *const directories[] = TENANT_VOLUME_DIRECTORIES;
        _closed_ int top = -1;

        if (mkdirat(volumes_fd, name, 0700) < 0) {
                return -errno;
        }
        top = open_directory(volumes_fd, name);
        for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
                if (top < 0 || mkdirat(top, directories[i], 0755) < 0) {
                        return top < 0 ? top : -errno;
                }
        }
        return 0;
}

static int storage_provision(const struct tenant_context *context, int store_fd,
                             struct tenant_error *error) {
        _closed_ int volumes = -1;
        int r = null_operation(context, "provision", false, error);

        if (r < 0) {
                return r;
        }
        if (mkdirat(store_fd, VOLUMES, 0700) < 0 && errno != EEXIST) {
                return tenant_error_set(error, -errno, "Failed", "cannot make %s in the store: %s", VOLUMES,
                                        strerror(errno));
        }
        volumes = open_directory(store_fd, VOLUMES);
        r = volumes < 0 ? volumes : make_volume(volumes, context->name);
        if (r == -EEXIST) {
                return tenant_error_set(error, r, "TenantExists",
                                        "there is a volume %s already; destroy it first", context->name);
        }
        return r < 0 ? tenant_error_set(error, r, "Failed", "cannot make the volume %s: %s", context->name,
                                        strerror(-r))
                     : 0;
}

static int storage_attach(const struct tenant_context *context, int store_fd, int *ret_mount_fd,
                          struct tenant_error *error) {
        char path[128];
        int fd, r = null_operation(context, "attach", true, error);

        if (r < 0) {
                return r;
        }
        snprintf(path, sizeof(path), VOLUMES "/%s", context->name);
        fd = open_directory(store_fd, path);
        if (fd < 0) {
                return tenant_error_set(error, fd, fd == -ENOENT ? "NoSuchVolume" : "Failed",
                                        "cannot open the volume %s: %s", context->name, strerror(-fd));
        }
        *ret_mount_fd = fd;
        return 0;
}

static int storage_detach(const struct tenant_context *context, int store_fd, struct tenant_error *error) {
        return null_operation(context, "detach", false, error);
}

static int storage_resize(const struct tenant_context *context, int store_fd, struct tenant_error *error) {
        return null_operation(context, "resize", false, error);
}

static int storage_usage(const struct tenant_context *context, int store_fd,
                         struct tenant_storage_usage *ret_usage, struct tenant_error *error) {
        uint32_t size = ret_usage->struct_size;

        memset(ret_usage, 0xff, size); /* UINT64_MAX: not known, no limit */
        ret_usage->struct_size = size;
        return null_operation(context, "usage", false, error);
}

static int storage_destroy(const struct tenant_context *context, int store_fd, struct tenant_error *error) {
        _closed_ int volumes = -1;
        int r = null_operation(context, "destroy", false, error);

        if (r < 0) {
                return r;
        }
        volumes = open_directory(store_fd, VOLUMES);
        r = volumes == -ENOENT ? 0 : volumes < 0 ? volumes : remove_tree(volumes, context->name, 0);
        return r < 0 ? tenant_error_set(error, r, "Failed", "cannot remove the volume %s: %s", context->name,
                                        strerror(-r))
                     : 0;
}

static const struct tenant_setting settings[] = {
        NULL_FAIL_SETTING,
        { .key = "Size",
          .type = TENANT_TYPE_SIZE,
          .flags = TENANT_SETTING_LIVE,
          .unit = "bytes",
          .help = "taken and ignored" },
        { .key = "Inodes",
          .type = TENANT_TYPE_COUNT,
          .flags = TENANT_SETTING_LIVE,
          .unit = "inodes",
          .help = "taken and ignored" },
};

static const struct tenant_storage_ops ops = {
        .struct_size = sizeof(ops),
        .capabilities = TENANT_STORAGE_LIMIT_BYTES | TENANT_STORAGE_LIMIT_INODES | TENANT_STORAGE_RESIZE,
        .provision = storage_provision,
        .attach = storage_attach,
        .detach = storage_detach,
        .resize = storage_resize,
        .usage = storage_usage,
        .destroy = storage_destroy,
};

static const struct tenant_plugin plugin = {
        .struct_size = sizeof(plugin),
        .abi = TENANT_PLUGIN_ABI,
        .kind = TENANT_KIND_STORAGE,
        .priority = -1,
        .name = "null",
        .version = "0",
        .summary = "test double of a storage backend",
        .settings = settings,
        .n_settings = sizeof(settings) / sizeof(settings[0]),
        .validate = storage_validate,
        .ops = &ops,
};

TENANT_PLUGIN_NOTE(TENANT_KIND_STORAGE)

const struct tenant_plugin *tenant_plugin_get_v0(void) {
        return &plugin;
}

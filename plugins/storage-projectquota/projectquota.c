/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * projectquota.c: the storage backend storage-projectquota: a volume is a directory tree on ext4 or xfs
 * whose files all belong to one project, and the project has a limit of bytes and of inodes. The project is
 * inherited from the top directory, which gets it while it is empty; a tenant can neither change nor leave
 * it (that takes root of the host's own user namespace).
 *
 * It refuses stores whose file system does not enforce project quotas at this moment, project ids that still
 * count files of an earlier life, and limits below what is used. It never walks a tree to find out anything.
 * Owner: the plugin itself; the tree work is storage-common's.
 */
#include "quota.h"
#include "volume.h"
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <time.h>

#define SIZE_MAX_BYTES (UINT64_C(1) << 60)
#define INODES_MAX (UINT64_C(1) << 48)
#define INODES_LEAST UINT64_C(16384)
#define BYTES_PER_INODE UINT64_C(16384)
#define DRAIN_NSEC_MAX 5000000000L

/* The store's block device, for advice. */
static void device_name(int fd, char *ret, size_t size) {
        char link[64], target[PATH_MAX];
        struct stat st;
        ssize_t n;

        snprintf(ret, size, "the store's device");
        if (fstat(fd, &st) < 0) {
                return;
        }
        snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
        n = readlink(link, target, sizeof(target) - 1);
        if (n > 0) {
                target[n] = '\0';
                snprintf(ret, size, "/dev/%s", basename(target));
        }
}

static int not_ready(int fd, long magic, bool accounted, struct tenant_error *error) {
        char device[64];

        device_name(fd, device, sizeof(device));
        if (magic == XFS_SUPER_MAGIC) {
                return tenant_error_set(
                        error, -ENOTSUP, "HostNotReady",
                        "%s (xfs) does not enforce project quotas: unmount it and mount it with the option "
                        "prjquota (in /etc/fstab too; a remount is not enough), or use another storage "
                        "backend",
                        device);
        }
        if (accounted) {
                return tenant_error_set(error, -ENOTSUP, "HostNotReady",
                                        "%s (ext4) counts by project but does not enforce limits: unmount "
                                        "it and mount it with the "
                                        "option prjquota (in /etc/fstab too; a remount is not enough)",
                                        device);
        }
        return tenant_error_set(error, -ENOTSUP, "HostNotReady",
                                "%s (ext4) has no project quotas: unmount it, run `tune2fs -O project,quota "
                                "-Q prjquota %s`, "
                                "`modprobe quota_v2`, and mount it with the option prjquota (in /etc/fstab "
                                "too); the root file "
                                "system cannot do this: give the store a file system of its own, or use "
                                "another storage backend",
                                device, device);
}

/* Does the file system of fd keep limits of projects, now? */
static int enforced_check(int fd, struct tenant_error *error) {
        struct quota_state state;
        struct statfs fs;
        int r;

        if (fstatfs(fd, &fs) < 0) {
                return tenant_error_set(error, -errno, "Failed",
                                        "Cannot look at the store's file system: %s", strerror(errno));
        }
        if (fs.f_type != EXT4_SUPER_MAGIC && fs.f_type != XFS_SUPER_MAGIC) {
                return tenant_error_set(
                        error, -ENOTSUP, "HostNotReady",
                        "The store is neither on ext4 nor on xfs (file system type 0x%lx), and has no "
                        "project "
                        "quotas: put the store on one of them, or use another storage backend",
                        (unsigned long) fs.f_type);
        }
        r = quota_state_read(fd, &state);
        if (r < 0) {
                return tenant_error_set(error, r, "Failed", "Cannot read the quota state of the store: %s",
                                        strerror(-r));
        }
        return state.enforced ? 0 : not_ready(fd, fs.f_type, state.accounted, error);
}

static int account_read(int fd, uint32_t project_id, struct quota_record *ret, struct tenant_error *error) {
        int r = quota_read(fd, project_id, ret);

        return r < 0 ? tenant_error_set(error, r, "Failed", "Cannot read the quota of project %u: %s",
                                        project_id, strerror(-r))
                     : 0;
}

/*
 * A limit of bytes alone would leave a tenant all the inodes of the file system, which are as finite as its blocks: one in 16 KiB
 * is what mkfs.ext4 makes, so that tenants whose sizes fit have inodes as well. Never below what exists: nobody asked for it.
 */
static int implied_inodes(int fd, uint32_t project_id, uint64_t bytes, uint64_t *ret,
                          struct tenant_error *error) {
        struct quota_record used;
        int r = account_read(fd, project_id, &used, error);

        if (r < 0) {
                return r;
        }
        *ret = bytes / BYTES_PER_INODE;
        *ret = *ret > INODES_LEAST ? *ret : INODES_LEAST;
        *ret = *ret > used.inodes ? *ret : used.inodes;
        return 0;
}

/* What the operator asked for, in whole blocks, so that what is read back can be compared. */
static int wanted_limits(const struct tenant_context *context, int fd, struct quota_record *ret,
                         struct tenant_error *error) {
        uint64_t bytes = volume_limit(context, VOLUME_VALUE_SIZE), block;
        struct statfs fs;

        if (fstatfs(fd, &fs) < 0) {
                return tenant_error_set(error, -errno, "Failed",
                                        "Cannot look at the store's file system: %s", strerror(errno));
        }
        block = fs.f_bsize > 1024 ? (uint64_t) fs.f_bsize : 1024;
        *ret = (struct quota_record){
                .bytes_limit = bytes / block * block,
                .inodes_limit = volume_limit(context, VOLUME_VALUE_INODES),
        };
        return bytes == 0 || volume_is_set(context, VOLUME_VALUE_INODES)
                       ? 0
                       : implied_inodes(fd, context->project_id, bytes, &ret->inodes_limit, error);
}

static bool limits_equal(const struct quota_record *a, const struct quota_record *b) {
        return a->bytes_limit == b->bytes_limit && a->inodes_limit == b->inodes_limit;
}

static int exceeded(const struct quota_record *used, const struct quota_record *wanted,
                    struct tenant_error *error) {
        if (wanted->bytes_limit != 0 && used->bytes > wanted->bytes_limit) {
                return tenant_error_set(error, -EDQUOT, "QuotaExceeded",
                                        "Size=%llu is less than the %llu bytes in use: free space in the "
                                        "tenant first, or choose more",
                                        (unsigned long long) wanted->bytes_limit,
                                        (unsigned long long) used->bytes);
        }
        if (wanted->inodes_limit != 0 && used->inodes > wanted->inodes_limit) {
                return tenant_error_set(error, -EDQUOT, "QuotaExceeded",
                                        "Inodes=%llu is less than the %llu files and directories that "
                                        "exist: remove some in the "
                                        "tenant first, or choose more",
                                        (unsigned long long) wanted->inodes_limit,
                                        (unsigned long long) used->inodes);
        }
        return 0;
}

/* Sets and reads back. *ret_now has the account as it is then. */
static int limits_set(int fd, uint32_t project_id, const struct quota_record *wanted,
                      struct quota_record *ret_now, struct tenant_error *error) {
        int r = quota_limit(fd, project_id, wanted->bytes_limit, wanted->inodes_limit);

        if (r < 0) {
                return tenant_error_set(error, r, "Failed", "Cannot set the quota of project %u: %s",
                                        project_id, strerror(-r));
        }
        r = account_read(fd, project_id, ret_now, error);
        if (r < 0) {
                return r;
        }
        if (!limits_equal(ret_now, wanted)) {
                return tenant_error_set(error, -EIO, "Failed",
                                        "The quota of project %u was set to %llu bytes and %llu inodes, but "
                                        "reads back as %llu and "
                                        "%llu: check the store's file system",
                                        project_id, (unsigned long long) wanted->bytes_limit,
                                        (unsigned long long) wanted->inodes_limit,
                                        (unsigned long long) ret_now->bytes_limit,
                                        (unsigned long long) ret_now->inodes_limit);
        }
        return 0;
}

/* From the limits in force to the wanted ones; on any error the earlier ones are in force again. */
static int limits_change(int fd, uint32_t project_id, const struct quota_record *wanted,
                         struct tenant_error *error) {
        struct quota_record before, now;
        int r = account_read(fd, project_id, &before, error);

        if (r < 0 || limits_equal(&before, wanted)) {
                return r;
        }
        r = exceeded(&before, wanted, error);
        if (r < 0) {
                return r;
        }
        r = limits_set(fd, project_id, wanted, &now, error);
        if (r == 0) {
                r = exceeded(&now, wanted, error); /* the tenant was faster */
        }
        if (r < 0 && quota_limit(fd, project_id, before.bytes_limit, before.inodes_limit) < 0) {
                return tenant_error_set(
                        error, r, "Failed",
                        "The limits of project %u were changed half-way and cannot be put back: "
                        "set them again",
                        project_id);
        }
        return r;
}

static int project_check(const struct tenant_context *context, int top_fd, struct tenant_error *error) {
        uint32_t project_id = 0;
        bool inherit = false;
        int r = quota_project_read(top_fd, &project_id, &inherit);

        if (r < 0) {
                return tenant_error_set(error, r == -ENOTTY ? -ENOTSUP : r,
                                        r == -ENOTTY ? "HostNotReady" : "Failed",
                                        "Cannot read the project of the volume of tenant %s: %s",
                                        context->name, strerror(-r));
        }
        if (project_id != context->project_id || !inherit) {
                return tenant_error_set(
                        error, -ENOTSUP, "HostNotReady",
                        "The volume of tenant %s is not under its quota any more: its directory has project "
                        "%u%s "
                        "instead of %u; set it for the whole tree with `chattr -R +P -p %u` on the volume",
                        context->name, project_id, inherit ? "" : " (not inherited)", context->project_id,
                        context->project_id);
        }
        return 0;
}

static int projectquota_admit(const struct tenant_context *context, int base_fd,
                              struct tenant_error *error) {
        char pending[NAME_MAX + 1];
        struct quota_record record;
        int r;

        if (context->project_id == 0) {
                return tenant_error_set(error, -EINVAL, "Failed",
                                        "Project 0 is everybody's and cannot be limited");
        }
        r = enforced_check(base_fd, error);
        if (r < 0) {
                return r;
        }
        r = volume_project_pending(base_fd, context->project_id, context->name, pending);
        if (r < 0) {
                return tenant_error_set(error, r, "Failed", "Cannot list unfinished volumes: %s",
                                        strerror(-r));
        }
        if (r > 0) {
                return tenant_error_set(error, -EBUSY, "Busy",
                                        "Project %u still belongs to the unfinished volume '%s': it is "
                                        "cleaned up when tenantd starts the next time",
                                        context->project_id, pending);
        }
        r = account_read(base_fd, context->project_id, &record, error);
        if (r < 0) {
                return r;
        }
        if (record.bytes != 0 || record.inodes != 0) {
                return tenant_error_set(error, -EBUSY, "Busy",
                                        "Project %u is in use on the store's file system (%llu inodes, %llu "
                                        "bytes): find its "
                                        "files (lsattr -p shows projects) and remove them, or their project",
                                        context->project_id, (unsigned long long) record.inodes,
                                        (unsigned long long) record.bytes);
        }
        return 0;
}

static int projectquota_limit(const struct tenant_context *context, int top_fd, struct tenant_error *error) {
        struct quota_record wanted, now;
        int r = wanted_limits(context, top_fd, &wanted, error);

        if (r < 0) {
                return r;
        }
        r = quota_project_set(top_fd, context->project_id);
        if (r < 0) {
                return tenant_error_set(error, r, "Failed", "Cannot give project %u to the volume: %s",
                                        context->project_id, strerror(-r));
        }
        r = project_check(context, top_fd, error);
        if (r < 0) {
                return r;
        }
        r = limits_set(top_fd, context->project_id, &wanted, &now, error);
        if (r == 0 && now.inodes != 1) {
                r = tenant_error_set(
                        error, -EIO, "Failed",
                        "Project %u counts %llu inodes where there is one: check the store's file system "
                        "(quotacheck, e2fsck, xfs_repair)",
                        context->project_id, (unsigned long long) now.inodes);
        }
        return r;
}

/* xfs gives inodes back a little after they were unlinked; statfs hurries it. */
static int account_drain(int fd, uint32_t project_id, struct tenant_error *error) {
        struct timespec pause = { .tv_nsec = 1000000 };
        struct quota_record record = { 0 };
        long waited = 0;

        for (;;) {
                struct statfs fs;
                int r = account_read(fd, project_id, &record, error);

                if (r < 0 || (record.inodes == 0 && record.bytes == 0)) {
                        return r;
                }
                if (waited >= DRAIN_NSEC_MAX) {
                        break;
                }
                (void) fstatfs(fd, &fs); /* for its side effect */
                (void) nanosleep(&pause, NULL);
                waited += pause.tv_nsec;
                pause.tv_nsec = pause.tv_nsec < 100000000 ? pause.tv_nsec * 2 : pause.tv_nsec;
        }
        return tenant_error_set(
                error, -EBUSY, "Busy",
                "Project %u still counts %llu inodes and %llu bytes although its volume is gone: a process "
                "holds removed files open, or files of it lie elsewhere on this file system; remove the "
                "tenant "
                "again when that is over",
                project_id, (unsigned long long) record.inodes, (unsigned long long) record.bytes);
}

static int projectquota_release(const struct tenant_host *host, int base_fd, uint32_t project_id,
                                struct tenant_error *error) {
        static const struct quota_record none = { 0 };
        struct quota_state state = { 0 };
        struct quota_record now;
        int r = quota_state_read(base_fd, &state);

        if (r < 0 || !state.accounted) {
                volume_log(
                        host, 5,
                        "The limits of project %u stay recorded, since the store has no project quotas now",
                        project_id);
                return 0; /* the next tenant that gets the id overwrites them */
        }
        r = account_drain(base_fd, project_id, error);
        return r < 0 ? r : limits_set(base_fd, project_id, &none, &now, error);
}

static const struct volume_policy projectquota_policy = {
        .names_project = true,
        .admit = projectquota_admit,
        .limit = projectquota_limit,
        .release = projectquota_release,
};

static int projectquota_probe(const struct tenant_host *host, struct tenant_error *error) {
        int r = quota_probe();

        return r < 0 ? tenant_error_set(error, -ENOTSUP, "HostNotReady",
                                        "This kernel has no quotactl_fd(2) (%s): Linux 5.14 or later with "
                                        "CONFIG_QUOTA is needed",
                                        strerror(-r))
                     : 0;
}

static int projectquota_validate(const struct tenant_context *context, struct tenant_error *error) {
        static const uint64_t maximum[VOLUME_VALUE_COUNT] = { SIZE_MAX_BYTES, INODES_MAX };

        for (size_t i = 0; i < VOLUME_VALUE_COUNT && i < context->n_values; i++) {
                const struct tenant_setting *setting = &volume_settings[i];
                const struct tenant_value *value = &context->values[i];

                if (!value->is_set || value->u64 == UINT64_MAX) {
                        continue;
                }
                if (value->u64 < setting->minimum || value->u64 > maximum[i]) {
                        return tenant_error_set(error, -EINVAL, "InvalidSetting",
                                                "%s= must be between %llu and %llu, or infinity",
                                                setting->key, (unsigned long long) setting->minimum,
                                                (unsigned long long) maximum[i]);
                }
        }
        return 0;
}

static int projectquota_provision(const struct tenant_context *context, int store_fd,
                                  struct tenant_error *error) {
        int r = projectquota_validate(context, error);

        return r < 0 ? r : volume_provision(context, store_fd, &projectquota_policy, error);
}

/* The volume's top directory, if all of the quota is there but perhaps its figures. */
static int volume_limited_open(const struct tenant_context *context, int store_fd, int *ret_top_fd,
                               struct tenant_error *error) {
        _cleanup_close_ int base_fd = -1;
        int r = volume_base_open(store_fd, &base_fd, error);

        if (r == 0) {
                r = volume_top_open(context, base_fd, ret_top_fd, error);
        }
        if (r == 0) {
                r = enforced_check(*ret_top_fd, error);
        }
        return r < 0 ? r : project_check(context, *ret_top_fd, error);
}

static int projectquota_resize(const struct tenant_context *context, int store_fd,
                               struct tenant_error *error) {
        _cleanup_close_ int top_fd = -1;
        struct quota_record wanted;
        int r = projectquota_validate(context, error);

        if (r == 0) {
                r = volume_limited_open(context, store_fd, &top_fd, error);
        }
        if (r == 0) {
                r = wanted_limits(context, top_fd, &wanted, error);
        }
        return r < 0 ? r : limits_change(top_fd, context->project_id, &wanted, error);
}

/* The definition is what counts: limits that were edited there, or lost from the file system, come into
 * force here. */
static int projectquota_attach(const struct tenant_context *context, int store_fd, int *ret_mount_fd,
                               struct tenant_error *error) {
        _cleanup_close_ int top_fd = -1;
        struct quota_record wanted;
        int r = volume_limited_open(context, store_fd, &top_fd, error);

        if (r == 0) {
                r = wanted_limits(context, top_fd, &wanted, error);
        }
        if (r == 0) {
                r = limits_change(top_fd, context->project_id, &wanted, error);
        }
        return r < 0 ? r : volume_mount_clone(top_fd, ret_mount_fd, error);
}

static int projectquota_usage(const struct tenant_context *context, int store_fd,
                              struct tenant_storage_usage *ret_usage, struct tenant_error *error) {
        _cleanup_close_ int base_fd = -1;
        struct tenant_storage_usage usage;
        struct quota_record record;
        int r = volume_base_open(store_fd, &base_fd, error);

        if (r == 0) {
                r = account_read(base_fd, context->project_id, &record, error);
        }
        if (r < 0) {
                return r;
        }
        usage = (struct tenant_storage_usage){
                .bytes = record.bytes,
                .bytes_limit = record.bytes_limit ? record.bytes_limit : UINT64_MAX,
                .inodes = record.inodes,
                .inodes_limit = record.inodes_limit ? record.inodes_limit : UINT64_MAX,
        };
        return volume_usage_return(ret_usage, &usage, error);
}

static int projectquota_destroy(const struct tenant_context *context, int store_fd,
                                struct tenant_error *error) {
        return volume_destroy(context, store_fd, &projectquota_policy, error);
}

static int projectquota_fit(const struct tenant_host *host, int store_fd, struct tenant_error *error) {
        _cleanup_close_ int base_fd = -1; /* volumes/ may be a file system of its own */

        return enforced_check(volume_base_open(store_fd, &base_fd, NULL) == 0 ? base_fd : store_fd, error);
}

static int projectquota_collect(const struct tenant_host *host, int store_fd,
                                const struct tenant_context *living, size_t n_living,
                                struct tenant_error *error) {
        return volume_collect(host, store_fd, &projectquota_policy, error);
}

static const struct tenant_storage_ops projectquota_ops = {
        .struct_size = sizeof(projectquota_ops),
        .capabilities = TENANT_STORAGE_LIMIT_BYTES | TENANT_STORAGE_LIMIT_INODES | TENANT_STORAGE_RESIZE,
        .provision = projectquota_provision,
        .attach = projectquota_attach,
        .resize = projectquota_resize,
        .usage = projectquota_usage,
        .destroy = projectquota_destroy,
        .fit = projectquota_fit,
        .collect = projectquota_collect,
};

static const struct tenant_plugin projectquota_plugin = {
        .struct_size = sizeof(projectquota_plugin),
        .abi = TENANT_PLUGIN_ABI,
        .kind = TENANT_KIND_STORAGE,
        .priority = 50,
        .name = "projectquota",
        .version = PLUGIN_VERSION,
        .summary = "volumes as directories with a project quota of bytes and inodes, on ext4 and xfs",
        .settings = volume_settings,
        .n_settings = VOLUME_VALUE_COUNT,
        .probe = projectquota_probe,
        .validate = projectquota_validate,
        .ops = &projectquota_ops,
};

TENANT_PLUGIN_NOTE(TENANT_KIND_STORAGE)

TENANT_PLUGIN_EXPORT const struct tenant_plugin *tenant_plugin_get_v0(void) {
        return &projectquota_plugin;
}

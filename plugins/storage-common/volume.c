/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * volume.c: makes, attaches and removes volumes that are directory trees. Every step is below a held
 * directory descriptor.
 *
 * It refuses to work on a path, to follow a link, to take over a tree it did not finish, and to give a
 * volume to a tenant whose id range it does not belong to. It knows nothing of quotas: struct volume_policy
 * brings them. Owner: the storage backends; each has it compiled in.
 */
#include "volume.h"
#include "tree.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define BASE_NAME "volumes"
#define PENDING_NAME ".pending"
#define TOP_NAME "volume"
#define STAGE_ATTEMPTS 8u

/* A volume on its way in or out: the directories that it passes, and the lock. */
struct stage {
        int base_fd;
        int pending_fd;
        int fd;
        char name[NAME_MAX + 1];
};

#define STAGE_NULL                                                                                          \
        (struct stage) {                                                                                    \
                .base_fd = -1, .pending_fd = -1, .fd = -1                                                   \
        }

const struct tenant_setting volume_settings[VOLUME_VALUE_COUNT] = {
        [VOLUME_VALUE_SIZE] = {
                .key = "Size",
                .type = TENANT_TYPE_SIZE,
                .flags = TENANT_SETTING_LIVE,
                .minimum = 1024 * 1024,
                .maximum = UINT64_MAX,
                .unit = "bytes",
                .help = "What the tenant may store: changes to its root, images, containers and volumes together",
        },
        [VOLUME_VALUE_INODES] = {
                .key = "Inodes",
                .type = TENANT_TYPE_COUNT,
                .flags = TENANT_SETTING_LIVE,
                .minimum = 64,
                .maximum = UINT64_MAX,
                .unit = "",
                .help = "How many files and directories the tenant may have; without it one for each 16K of Size=",
        },
};

static void stage_close_p(struct stage *stage) {
        volume_close_p(&stage->fd);
        volume_close_p(&stage->pending_fd);
        volume_close_p(&stage->base_fd);
}

#define _cleanup_stage_ _cleanup_(stage_close_p)

static void dir_close_p(DIR **dir) {
        if (*dir) {
                closedir(*dir);
        }
}

bool volume_cancelled(const struct tenant_host *host) {
        return host && host->cancelled && host->cancelled(host->userdata);
}

void volume_log(const struct tenant_host *host, int level, const char *format, ...) {
        char message[1024];
        va_list ap;

        if (!host || !host->log) {
                return;
        }
        va_start(ap, format);
        vsnprintf(message, sizeof(message), format, ap);
        va_end(ap);
        host->log(host->userdata, level, message);
}

bool volume_is_set(const struct tenant_context *context, enum volume_value value) {
        return context->n_values > (size_t) value && context->values[value].is_set;
}

uint64_t volume_limit(const struct tenant_context *context, enum volume_value value) {
        const struct tenant_value *given;

        if (context->n_values <= (size_t) value) {
                return 0;
        }
        given = &context->values[value];
        return given->is_set && given->u64 != UINT64_MAX ? given->u64 : 0;
}

int volume_usage_return(struct tenant_storage_usage *ret_usage, const struct tenant_storage_usage *usage,
                        struct tenant_error *error) {
        uint32_t size = ret_usage->struct_size;

        if (size < sizeof(uint32_t) || size > 4096) {
                return tenant_error_set(error, -EINVAL, "Failed",
                                        "struct_size of the usage is not set by the host");
        }
        memcpy(ret_usage, usage, size < sizeof(*usage) ? size : sizeof(*usage));
        ret_usage->struct_size = size;
        return 0;
}

/* The host validated it; a root process that builds file names looks once more. */
static int name_check(const char *name, struct tenant_error *error) {
        size_t length = name ? strlen(name) : 0;

        if (length == 0 || length > 63 || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != length) {
                return tenant_error_set(error, -EINVAL, "InvalidName",
                                        "A tenant's name has 1 to 63 characters of a-z, 0-9 and -");
        }
        return 0;
}

/* 1: made now. 0: it was there. */
static int directory_make(int dir_fd, const char *name) {
        if (mkdirat(dir_fd, name, 0700) == 0) {
                return 1;
        }
        return errno == EEXIST ? 0 : -errno;
}

static int make_error(struct tenant_error *error, int code, const char *what) {
        if (code == -ENOSPC || code == -EDQUOT) {
                return tenant_error_set(error, -ENOSPC, "NoSpace",
                                        "The store has no space or no inodes left for %s: make room there",
                                        what);
        }
        return tenant_error_set(error, code, "Failed", "Cannot make %s in the store: %s", what,
                                strerror(-code));
}

/* A directory of the host's own. -ENOENT is left to the caller to explain. */
static int directory_open(int dir_fd, const char *name, int *ret_fd, struct tenant_error *error) {
        _cleanup_close_ int fd = -1;
        struct open_how how = {
                .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
                           RESOLVE_NO_MAGICLINKS, /* may be a mount point */
        };
        struct stat st;

        fd = (int) syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));
        if (fd < 0 && errno == ENOENT) {
                return -ENOENT;
        }
        if (fd < 0 || fstat(fd, &st) < 0) {
                return tenant_error_set(error, -errno, "Failed",
                                        "Cannot open '%s' in the store: %s; it must be a directory", name,
                                        strerror(errno));
        }
        if (st.st_uid != geteuid() || (st.st_mode & 022)) {
                return tenant_error_set(
                        error, -EPERM, "Failed",
                        "'%s' in the store must belong to root and be writable by nobody else", name);
        }
        *ret_fd = fd;
        fd = -1;
        return 0;
}

static int directory_make_open(int dir_fd, const char *name, int *ret_fd, struct tenant_error *error) {
        int r = directory_make(dir_fd, name);

        return r < 0 ? make_error(error, r, name) : directory_open(dir_fd, name, ret_fd, error);
}

int volume_base_open(int store_fd, int *ret_fd, struct tenant_error *error) {
        int r = directory_open(store_fd, BASE_NAME, ret_fd, error);

        return r == -ENOENT
                       ? tenant_error_set(error, r, "NoSuchVolume", "There are no volumes in this store")
                       : r;
}

int volume_top_open(const struct tenant_context *context, int base_fd, int *ret_fd,
                    struct tenant_error *error) {
        _cleanup_close_ int fd = -1;
        struct stat st;
        int r = name_check(context->name, error);

        if (r < 0) {
                return r;
        }
        fd = tree_open(base_fd, context->name, O_RDONLY | O_DIRECTORY);
        if (fd == -ENOENT) {
                return tenant_error_set(error, fd, "NoSuchVolume", "Tenant %s has no volume in this store",
                                        context->name);
        }
        if (fd < 0 || fstat(fd, &st) < 0) {
                r = fd < 0 ? fd : -errno;
                return tenant_error_set(
                        error, r, "Failed",
                        "Cannot open the volume of tenant %s: %s; it must be a directory and no mount point",
                        context->name, strerror(-r));
        }
        if (st.st_uid - context->id_base >= context->id_count) { /* below it wraps */
                return tenant_error_set(
                        error, -ESTALE, "Failed",
                        "The volume of tenant %s belongs to uid %u, outside of its range of %u ids from %u: "
                        "it is another tenant's, or the allocation was changed; restore the allocation",
                        context->name, st.st_uid, context->id_count, context->id_base);
        }
        *ret_fd = fd;
        fd = -1;
        return 0;
}

int volume_mount_clone(int top_fd, int *ret_mount_fd, struct tenant_error *error) {
        struct mount_attr attributes = {
                .attr_set = MOUNT_ATTR_NODEV,
                .attr_clr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
                .propagation = MS_PRIVATE,
        };
        _cleanup_close_ int fd = open_tree(top_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

        if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0) {
                int r = -errno;

                return tenant_error_set(error, r, "Failed", "Cannot make a mount of the volume: %s",
                                        strerror(-r));
        }
        *ret_mount_fd = fd;
        fd = -1;
        return 0;
}

/* Is the locked directory still the one that its name means? Another process may have finished and removed
 * it. */
static bool stage_is_current(const struct stage *stage) {
        struct stat held, named;

        return fstat(stage->fd, &held) == 0 &&
               fstatat(stage->pending_fd, stage->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
               held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

static int stage_busy(struct tenant_error *error, const char *name) {
        return tenant_error_set(
                error, -EBUSY, "Busy",
                "The volume '%s' is being made or removed by another process: try again when it is done",
                name);
}

/* 0: locked. -EBUSY: another process works in it. -EAGAIN: it was removed meanwhile. */
static int stage_lock(struct stage *stage) {
        int fd = tree_open(stage->pending_fd, stage->name, O_RDONLY | O_DIRECTORY);

        if (fd < 0) {
                return fd == -ENOENT ? -EAGAIN : fd;
        }
        stage->fd = fd;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                return errno == EWOULDBLOCK ? -EBUSY : -errno;
        }
        if (!stage_is_current(stage)) {
                volume_close_p(&stage->fd);
                stage->fd = -1;
                return -EAGAIN;
        }
        return 0;
}

static int stage_open(struct stage *stage, int store_fd, struct tenant_error *error) {
        int r = directory_make_open(store_fd, BASE_NAME, &stage->base_fd, error);

        return r < 0 ? r : directory_make_open(stage->base_fd, PENDING_NAME, &stage->pending_fd, error);
}

static void stage_set_name(struct stage *stage, const struct tenant_context *context,
                           const struct volume_policy *policy) {
        if (policy->names_project) {
                snprintf(stage->name, sizeof(stage->name), "%s.%u", context->name, context->project_id);
        } else {
                snprintf(stage->name, sizeof(stage->name), "%s", context->name);
        }
}

/* Makes and locks the stage. 1: it is new. 0: what is in it was left behind. */
static int stage_enter(struct stage *stage, struct tenant_error *error) {
        int r = -EAGAIN, made = 0;

        for (unsigned i = 0; i < STAGE_ATTEMPTS && r == -EAGAIN; i++) {
                made = directory_make(stage->pending_fd, stage->name);
                if (made < 0) {
                        return make_error(error, made, stage->name);
                }
                r = stage_lock(stage);
        }
        if (r == -EBUSY || r == -EAGAIN) {
                return stage_busy(error, stage->name);
        }
        if (r < 0) {
                return tenant_error_set(error, r, "Failed", "Cannot open the stage '%s' in the store: %s",
                                        stage->name, strerror(-r));
        }
        return made;
}

/* NAME or NAME.PROJECT, as stage_set_name() makes them and nothing else. The name is cut off at the dot. */
static bool stage_name_parse(char *name, const struct volume_policy *policy, uint32_t *ret_project_id) {
        char *dot = strchr(name, '.'), *end = NULL;
        unsigned long id = 0;

        if ((dot != NULL) != policy->names_project) {
                return false;
        }
        if (dot) {
                *dot = '\0';
                if (dot[1] < '1' || dot[1] > '9') {
                        return false;
                }
                errno = 0;
                id = strtoul(dot + 1, &end, 10);
                if (errno != 0 || *end != '\0' || id > UINT32_MAX) {
                        return false;
                }
        }
        *ret_project_id = (uint32_t) id;
        return name_check(name, NULL) == 0;
}

/* Is the project id that of a complete volume? Then a crash came after its making, and there is nothing to
 * give back. */
static int stage_release(struct stage *stage, const struct volume_policy *policy,
                         const struct tenant_host *host, struct tenant_error *error) {
        char name[sizeof(stage->name)];
        uint32_t project_id;
        struct stat st;

        memcpy(name, stage->name, sizeof(name));
        if (!policy->release || !stage_name_parse(name, policy, &project_id)) {
                return 0;
        }
        if (fstatat(stage->base_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
                return 0;
        }
        return policy->release(host, stage->base_fd, project_id, error);
}

/* Removes what is in the stage, then the limits, then the stage: in this order, so that each rest can be
 * recognised. */
static int stage_finish(struct stage *stage, const struct volume_policy *policy,
                        const struct tenant_host *host, struct tenant_error *error) {
        int r = tree_empty(stage->fd, host, error);

        if (r == 0) {
                r = stage_release(stage, policy, host, error);
        }
        if (r == 0 && unlinkat(stage->pending_fd, stage->name, AT_REMOVEDIR) < 0 && errno != ENOENT) {
                r = tenant_error_set(error, -errno, "Failed",
                                     "Cannot remove the stage '%s' from the store: %s", stage->name,
                                     strerror(errno));
        }
        return r;
}

static int directories_make(const struct tenant_context *context, int top_fd) {
        static const char *const names[] = TENANT_VOLUME_DIRECTORIES;

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                _cleanup_close_ int fd = -1;

                if (mkdirat(top_fd, names[i], 0755) < 0) {
                        return -errno;
                }
                fd = tree_open(top_fd, names[i], O_RDONLY | O_DIRECTORY);
                if (fd < 0) {
                        return fd;
                }
                if (fchmod(fd, 0755) < 0 || fchown(fd, context->id_base, context->id_base) < 0) {
                        return -errno;
                }
        }
        if (fchmod(top_fd, 0700) < 0 || fchown(top_fd, context->id_base, context->id_base) < 0) {
                return -errno;
        }
        return 0;
}

/* Builds the volume in its stage and gives it its name. */
static int volume_build(const struct tenant_context *context, struct stage *stage,
                        const struct volume_policy *policy, struct tenant_error *error) {
        _cleanup_close_ int top_fd = -1;
        int r;

        if (mkdirat(stage->fd, TOP_NAME, 0700) < 0) {
                return make_error(error, -errno, "the volume");
        }
        top_fd = tree_open(stage->fd, TOP_NAME, O_RDONLY | O_DIRECTORY);
        if (top_fd < 0) {
                return make_error(error, top_fd, "the volume");
        }
        if (policy->limit) {
                r = policy->limit(context, top_fd, error);
                if (r < 0) {
                        return r;
                }
        }
        r = directories_make(context, top_fd);
        if (r < 0) {
                return make_error(error, r, "the volume's directories");
        }
        if (renameat2(stage->fd, TOP_NAME, stage->base_fd, context->name, RENAME_NOREPLACE) < 0) {
                return errno == EEXIST ? tenant_error_set(error, -EEXIST, "TenantExists",
                                                          "Tenant %s has a volume already", context->name)
                                       : make_error(error, -errno, "the volume");
        }
        /* The store may be another file system than the definition's, whose fsync would not take this along. */
        return fsync(stage->base_fd) < 0 ? make_error(error, -errno, "the volume") : 0;
}

/* The stage is entered: what an earlier, interrupted life of the same volume left in it goes first, project and all. */
static int volume_make(const struct tenant_context *context, struct stage *stage, bool is_new,
                       const struct volume_policy *policy, struct tenant_error *error) {
        int r = 0;

        if (!is_new) {
                r = tree_empty(stage->fd, context->host, error);
                if (r == 0) {
                        r = stage_release(stage, policy, context->host, error);
                }
                if (r < 0) {
                        return r;
                }
        }
        if (policy->admit) {
                r = policy->admit(context, stage->base_fd, error);
        }
        if (r == 0) {
                struct tenant_error undo = { 0 };

                r = volume_build(context, stage, policy, error);
                if (r < 0 && stage_finish(stage, policy, context->host, &undo) < 0) {
                        volume_log(context->host, 4, "Undo of a failed provision left '%s': %s", stage->name,
                                   undo.message);
                }
        }
        (void) unlinkat(stage->pending_fd, stage->name, AT_REMOVEDIR); /* empty, but where the undo failed */
        return r;
}

int volume_provision(const struct tenant_context *context, int store_fd, const struct volume_policy *policy,
                     struct tenant_error *error) {
        _cleanup_stage_ struct stage stage = STAGE_NULL;
        struct stat st;
        int r = name_check(context->name, error);

        if (r == 0) {
                r = stage_open(&stage, store_fd, error);
        }
        if (r < 0) {
                return r;
        }
        if (fstatat(stage.base_fd, context->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
                return tenant_error_set(error, -EEXIST, "TenantExists",
                                        "Tenant %s has a volume already in this store", context->name);
        }
        stage_set_name(&stage, context, policy);
        r = stage_enter(&stage, error);
        return r < 0 ? r : volume_make(context, &stage, r > 0, policy, error);
}

/* Takes the volume's name away and puts its tree into the stage. What an interrupted call left there stays
 * beside it. */
static int volume_take(const struct tenant_context *context, struct stage *stage,
                       struct tenant_error *error) {
        char target[32] = TOP_NAME;
        int r = -EEXIST;

        for (unsigned i = 1; r == -EEXIST; i++) {
                r = renameat2(stage->base_fd, context->name, stage->fd, target, RENAME_NOREPLACE) < 0
                            ? -errno
                            : 0;
                snprintf(target, sizeof(target), TOP_NAME ".%u", i);
        }
        if (r == -EBUSY) {
                return tenant_error_set(error, r, "Busy",
                                        "The volume of tenant %s is a mount point of this host: unmount it "
                                        "(findmnt lists it), then remove the tenant again",
                                        context->name);
        }
        if (r < 0 && r != -ENOENT) {
                return tenant_error_set(error, r, "Failed", "Cannot take the volume of tenant %s away: %s",
                                        context->name, strerror(-r));
        }
        return 0;
}

int volume_destroy(const struct tenant_context *context, int store_fd, const struct volume_policy *policy,
                   struct tenant_error *error) {
        _cleanup_stage_ struct stage stage = STAGE_NULL;
        int r = name_check(context->name, error);

        if (r < 0) {
                return r;
        }
        r = stage_open(&stage, store_fd, error);
        if (r < 0) {
                return r;
        }
        stage_set_name(&stage, context, policy);
        r = stage_enter(&stage, error);
        if (r < 0) {
                return r;
        }
        r = volume_take(context, &stage, error);
        if (r < 0) {
                (void) unlinkat(stage.pending_fd, stage.name,
                                AT_REMOVEDIR); /* if it is empty; otherwise for later */
                return r;
        }
        /* Or the volume might be back after a power loss, when nothing else knows of it any more. */
        if (fsync(stage.base_fd) < 0) {
                return tenant_error_set(error, -errno, "Failed", "Cannot sync the store: %s",
                                        strerror(errno));
        }
        if (context->host && context->host->progress) {
                context->host->progress(context->host->userdata, -1.0, "remove");
        }
        return stage_finish(&stage, policy, context->host, error);
}

/* 0: finished, or not ours, or in work. */
static int collect_one(const struct tenant_host *host, struct stage *stage, const char *found,
                       const struct volume_policy *policy, struct tenant_error *error) {
        char name[sizeof(stage->name)];
        uint32_t project_id;
        int r;

        snprintf(name, sizeof(name), "%s", found);
        if (!stage_name_parse(name, policy, &project_id)) {
                return 0;
        }
        snprintf(stage->name, sizeof(stage->name), "%s", found);
        r = stage_lock(stage);
        if (r == 0) {
                volume_log(host, 5, "Finishing what was left of volume '%s'", stage->name);
                r = stage_finish(stage, policy, host, error);
        } else {
                r = r == -EBUSY || r == -EAGAIN
                            ? 0
                            : tenant_error_set(error, r, "Failed", "Cannot open the stage '%s': %s",
                                               stage->name, strerror(-r));
        }
        volume_close_p(&stage->fd);
        stage->fd = -1;
        return r;
}

static DIR *pending_list(int pending_fd) {
        int fd = openat(pending_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);

        if (!dir) {
                volume_close_p(&fd);
        }
        return dir;
}

int volume_collect(const struct tenant_host *host, int store_fd, const struct volume_policy *policy,
                   struct tenant_error *error) {
        _cleanup_stage_ struct stage stage = STAGE_NULL;
        _cleanup_(dir_close_p) DIR *dir = NULL;
        struct tenant_error each = { 0 };
        struct dirent *entry;
        int r = stage_open(&stage, store_fd, error), first = 0;

        if (r < 0) {
                return r;
        }
        dir = pending_list(stage.pending_fd);
        if (!dir) {
                return tenant_error_set(error, -errno, "Failed", "Cannot list unfinished volumes: %s",
                                        strerror(errno));
        }
        while ((entry = readdir(dir))) {
                r = collect_one(host, &stage, entry->d_name, policy, &each);
                if (r < 0 && first == 0) {
                        first = tenant_error_set(error, r, each.name, "%s", each.message);
                }
        }
        return first;
}

int volume_project_pending(int base_fd, uint32_t project_id, const char *but_name, char *ret_stage) {
        static const struct volume_policy by_project = { .names_project = true };
        _cleanup_close_ int pending_fd = tree_open(base_fd, PENDING_NAME, O_RDONLY | O_DIRECTORY);
        _cleanup_(dir_close_p) DIR *dir = pending_fd < 0 ? NULL : pending_list(pending_fd);
        struct dirent *entry;
        uint32_t id;

        if (!dir) {
                return pending_fd == -ENOENT ? 0 : -EIO;
        }
        while ((entry = readdir(dir))) {
                snprintf(ret_stage, NAME_MAX + 1, "%s", entry->d_name);
                if (stage_name_parse(ret_stage, &by_project, &id) && id == project_id &&
                    strcmp(ret_stage, but_name) != 0) {
                        return 1;
                }
        }
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* idmap.c: see idmap.h. A mount's id map is given as a user namespace, which lives in a process for that moment only. */
#include "idmap.h"
#include "cleanup.h"
#include "fd.h"
#include "io.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>

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

int idmap_write(pid_t pid, const struct tenant_namespace_plan *plan) {
        int r = write_map(pid, "uid_map", plan->uid_map, plan->n_uid_map);

        return r < 0 ? r : write_map(pid, "gid_map", plan->gid_map, plan->n_gid_map);
}

_Noreturn static int wait_to_be_killed(void *unused) {
        for (;;) {
                pause();
        }
}

/* A process that shares our memory and has a user namespace of its own; it costs no copied page table. */
static pid_t holder_start(void) {
        static char stack[4096] __attribute__((aligned(16)));

        return clone(wait_to_be_killed, stack + sizeof(stack), CLONE_VM | CLONE_NEWUSER | SIGCHLD, NULL);
}

static void holder_kill(const pid_t *pid) {
        if (*pid > 0) {
                kill(*pid, SIGKILL);
        }
}

static int userns_open(uint32_t from, uint32_t to, uint32_t count, pid_t *ret_child) {
        const struct tenant_idmap line = { .inside = from, .outside = to, .count = count };
        const struct tenant_namespace_plan plan = {
                .uid_map = { line }, .n_uid_map = 1, .gid_map = { line }, .n_gid_map = 1
        };
        _cleanup_(holder_kill) pid_t pid = holder_start();
        char path[64];
        int fd, r;

        *ret_child = pid > 0 ? pid : 0;
        if (pid < 0) {
                return -errno;
        }
        r = idmap_write(pid, &plan);
        if (r < 0) {
                return r;
        }
        snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int idmap_mount(int root_fd, uint32_t from, uint32_t to, uint32_t count, pid_t *ret_child,
                TenantError *error) {
        _cleanup_close_ int userns = userns_open(from, to, count, ret_child), mount = -1;
        struct mount_attr attributes = { .attr_set =
                                                 MOUNT_ATTR_IDMAP | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV };

        if (userns < 0) {
                return error_set_errno(
                        error, userns, E_HOST_NOT_READY,
                        "Cannot make a user namespace for the image's id map; see user.max_user_namespaces");
        }
        mount = open_tree(root_fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (mount < 0) {
                return error_set_errno(error, errno, E_FAILED, "Cannot clone the image's mount");
        }
        attributes.userns_fd = (uint64_t) userns;
        if (mount_setattr(mount, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0) {
                return error_set_errno(
                        error, errno, E_HOST_NOT_READY,
                        "The file system of the image store cannot map ids; it must be ext4, xfs or btrfs "
                        "on Linux 5.19 or newer");
        }
        return TAKE_FD(mount);
}

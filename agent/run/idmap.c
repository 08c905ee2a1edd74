/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* idmap.c: see idmap.h. A mount's id map is given as a user namespace, which lives in a process for that moment only. */
#include "idmap.h"
#include "cleanup.h"
#include "fd.h"
#include "usermap.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>

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
        _cleanup_(holder_kill) pid_t pid = holder_start();
        char path[64];
        int fd, r;

        *ret_child = pid > 0 ? pid : 0;
        if (pid < 0) {
                return -errno;
        }
        r = usermap_write_range(pid, from, to, count);
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

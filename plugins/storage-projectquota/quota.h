/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quota.h: project quotas of ext4 and xfs by the kernel's generic interface: quotactl_fd(2) and the FSXATTR
 * ioctls. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* One project's account. Limits are hard ones; 0: none. */
struct quota_record {
        uint64_t bytes;
        uint64_t bytes_limit;
        uint64_t inodes;
        uint64_t inodes_limit;
};

struct quota_state {
        bool accounted; /* the file system counts by project */
        bool enforced; /* and keeps to the limits */
};

/* -ENOSYS: this kernel is older than 5.14 or was built without quotas. */
int quota_probe(void) __attribute__((warn_unused_result));

/* fd: anything on the file system, O_PATH will do. A file system without project quota: 0, and both false.
 */
int quota_state_read(int fd, struct quota_state *ret) __attribute__((warn_unused_result));

/* A project that never was used: all zero. -ESRCH or -ENOSYS: no project quota here. */
int quota_read(int fd, uint32_t project_id, struct quota_record *ret) __attribute__((warn_unused_result));

/* Sets hard and soft limits together: no grace time. The kernel keeps bytes in units of 1 KiB (ext4) or
 * blocks (xfs). */
int quota_limit(int fd, uint32_t project_id, uint64_t bytes_limit, uint64_t inodes_limit)
        __attribute__((warn_unused_result));

/* What new files below a directory are counted to. fd is open for reading, not O_PATH. */
int quota_project_read(int fd, uint32_t *ret_project_id, bool *ret_inherit)
        __attribute__((warn_unused_result));
int quota_project_set(int fd, uint32_t project_id) __attribute__((warn_unused_result));

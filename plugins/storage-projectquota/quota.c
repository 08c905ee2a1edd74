/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * quota.c: thin wrappers of the kernel's project quota interface. One spelling for ext4 and xfs: VFS
 * commands for accounts and limits, which both take, and the XFS command for the state, since only that one
 * tells "counted" from "enforced" on both.
 *
 * It refuses nothing and decides nothing: errors are the kernel's. Sources: quotactl(2),
 * Documentation/filesystems/quota.rst, fs/quota/quota.c of Linux 6.1. Owner: storage-projectquota.
 */
#include "quota.h"
#include <errno.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443 /* the same on every architecture since 5.14 */
#endif

#define UNIT_BYTES ((uint64_t) QIF_DQBLKSIZE)

static int project_quotactl(int fd, unsigned command, uint32_t project_id, void *argument) {
        command = command << SUBCMDSHIFT | PRJQUOTA;
        return syscall(SYS_quotactl_fd, fd, command, project_id, argument) < 0 ? -errno : 0;
}

int quota_probe(void) {
        struct if_dqblk block;
        int r = project_quotactl(-1, Q_GETQUOTA, 0, &block);

        return r == -EBADF ? 0 : r;
}

int quota_state_read(int fd, struct quota_state *ret) {
        struct fs_quota_statv state = { .qs_version = FS_QSTATV_VERSION1 };
        int r = project_quotactl(fd, Q_XGETQSTATV, 0, &state);

        if (r < 0 && r != -ENOSYS &&
            r != -EINVAL) { /* these two: the file system has none, or none of any type is on */
                return r;
        }
        *ret = (struct quota_state){
                .accounted = r == 0 && (state.qs_flags & FS_QUOTA_PDQ_ACCT),
                .enforced = r == 0 && (state.qs_flags & FS_QUOTA_PDQ_ENFD),
        };
        return 0;
}

int quota_read(int fd, uint32_t project_id, struct quota_record *ret) {
        struct if_dqblk block = { 0 };
        int r = project_quotactl(fd, Q_GETQUOTA, project_id, &block);

        if (r < 0 && r != -ENOENT) { /* -ENOENT: xfs has no account of this id yet */
                return r;
        }
        *ret = (struct quota_record){
                .bytes = block.dqb_curspace,
                .bytes_limit = block.dqb_bhardlimit * UNIT_BYTES,
                .inodes = block.dqb_curinodes,
                .inodes_limit = block.dqb_ihardlimit,
        };
        return 0;
}

int quota_limit(int fd, uint32_t project_id, uint64_t bytes_limit, uint64_t inodes_limit) {
        struct if_dqblk block = {
                .dqb_bhardlimit = bytes_limit / UNIT_BYTES,
                .dqb_bsoftlimit = bytes_limit / UNIT_BYTES,
                .dqb_ihardlimit = inodes_limit,
                .dqb_isoftlimit = inodes_limit,
                .dqb_valid = QIF_LIMITS, /* nothing else: xfs refuses the rest */
        };

        return project_quotactl(fd, Q_SETQUOTA, project_id, &block);
}

int quota_project_read(int fd, uint32_t *ret_project_id, bool *ret_inherit) {
        struct fsxattr attributes = { 0 };

        if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) < 0) {
                return -errno;
        }
        *ret_project_id = attributes.fsx_projid;
        *ret_inherit = attributes.fsx_xflags & FS_XFLAG_PROJINHERIT;
        return 0;
}

int quota_project_set(int fd, uint32_t project_id) {
        struct fsxattr attributes = { 0 };

        if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) < 0) {
                return -errno;
        }
        attributes.fsx_projid = project_id;
        attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
        return ioctl(fd, FS_IOC_FSSETXATTR, &attributes) < 0 ? -errno : 0;
}

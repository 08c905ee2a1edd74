/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host.c: see host.h. Locks are of the open file description, so that a sandboxed child that closed it does
 * not hold them.
 */
#include "host.h"
#include "fd.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>

#define LOG_LINE_MAX 700
#define MIB (UINT64_C(1) << 20)
#define FILES_MIN 256u /* a new tenant, or the least of images, makes fewer */

bool host_cancelled(const struct tenant_host *host) {
        return host && host->cancelled && host->cancelled(host->userdata);
}

void host_progress(const struct tenant_host *host, double fraction, const char *stage) {
        if (host && host->progress) {
                host->progress(host->userdata, fraction, stage);
        }
}

void host_log(const struct tenant_host *host, int level, const char *format, ...) {
        char line[LOG_LINE_MAX];
        va_list ap;

        if (!host || !host->log) {
                return;
        }
        va_start(ap, format);
        vsnprintf(line, sizeof(line), format, ap);
        va_end(ap);
        host->log(host->userdata, level, line);
}

/*
 * FNV-1a: which byte of the lock file stands for a name. Two names that meet would only refuse each other
 * for a moment.
 */
static off_t lock_place(const char *name) {
        uint64_t hash = 14695981039346656037ull;

        for (; *name; name++) {
                hash = (hash ^ (unsigned char) *name) * 1099511628211ull;
        }
        return (off_t) (hash >> 2);
}

int name_lock(enum path_id directory, const char *name, bool exclusive, TenantError *error) {
        _cleanup_close_ int dir = path_open(directory), fd = -1;
        struct flock lock = {
                .l_type = exclusive ? F_WRLCK : F_RDLCK,
                .l_whence = SEEK_SET,
                .l_start = lock_place(name),
                .l_len = 1,
        };

        fd = dir < 0 ? dir : open_beneath(dir, ".names", O_RDWR | O_CREAT | O_NONBLOCK, 0600);
        if (fd < 0) {
                return error_set_errno(error, fd, E_FAILED, "Cannot open %s/.names", path_get(directory));
        }
        if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
                return errno == EAGAIN || errno == EACCES
                               ? -EBUSY
                               : error_set_errno(error, errno, E_FAILED, "Cannot lock %s/.names",
                                                 path_get(directory));
        }
        return TAKE_FD(fd);
}

int space_check(enum path_id directory, uint64_t bytes, TenantError *error) {
        _cleanup_close_ int dir = path_open(directory);
        struct statvfs fs;
        uint64_t free_bytes;

        if (dir < 0 || fstatvfs(dir, &fs) < 0) {
                return error_set_errno(error, dir < 0 ? dir : errno, E_FAILED, "Cannot look at %s",
                                       path_get(directory));
        }
        free_bytes = (uint64_t) fs.f_bavail * fs.f_frsize;
        if (free_bytes < bytes) {
                return error_set(
                        error, ENOSPC, E_NO_SPACE,
                        "Not enough space: %llu MiB are free in %s, and at least %llu MiB are needed; make "
                        "room there",
                        (unsigned long long) (free_bytes >> 20), path_get(directory),
                        (unsigned long long) ((bytes + MIB - 1) >> 20));
        }
        if (fs.f_files > 0 && fs.f_favail < FILES_MIN) { /* 0: the file system does not count them */
                return error_set(
                        error, ENOSPC, E_NO_SPACE,
                        "Not enough space: the file system of %s has no room for more files; remove some",
                        path_get(directory));
        }
        return 0;
}

int tenant_work_lock(const char *name, TenantError *error) {
        int fd = name_lock(PATH_TENANTS, name, true, error);

        return fd == -EBUSY ? error_set(error, EBUSY, E_BUSY,
                                        "Another job works on tenant '%s'; wait for it or cancel it", name)
                            : fd;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* running.c: see running.h. Asks the kernel, never trusts a pid without checking whose it is. */
#include "running.h"
#include "fd.h"
#include "io.h"
#include "name.h"
#include "parse.h"
#include "paths.h"
#include "tree.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>

/* The unit's cgroup is fixed by its Slice=; both parts of the name are plain, so no unit escaping is needed. */
#define CGROUP_FORMAT "tenant.slice/tenant@%s.service/payload"
#define LOCK_TRIES 1000u

static int lock_open(const char *name) {
        _cleanup_close_ int runtime = path_open(PATH_RUNTIME), dir = -1;

        if (runtime < 0) {
                return runtime;
        }
        dir = mkdir_open_beneath(runtime, name, 0711);
        if (dir < 0) {
                return dir;
        }
        return open_beneath(dir, "lock", O_RDWR | O_CREAT | O_NONBLOCK, 0600);
}

bool tenant_is_locked(const char *name) {
        char path[300];
        _cleanup_close_ int fd = -1;

        snprintf(path, sizeof(path), "%s/%s/lock", path_get(PATH_RUNTIME), name);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

/* Who only asks (tenant_is_locked) holds a shared lock for a moment, and must not stop a start: then again. */
static bool lock_exclusively(int fd) {
        for (unsigned tries = 0; tries < LOCK_TRIES; tries++) {
                if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
                        return true;
                }
                if (flock(fd, LOCK_SH | LOCK_NB) < 0) {
                        return false;
                }
                (void) sched_yield(); /* cannot fail */
        }
        return false;
}

int tenant_lock(const char *name, TenantError *error) {
        _cleanup_close_ int fd = -1;
        int r = tenant_name_check("tenant", name, error);

        if (r < 0) {
                return r;
        }
        fd = lock_open(name);
        if (fd < 0) {
                return error_set_errno(error, fd, E_FAILED, "Cannot open the lock of tenant '%s' in %s",
                                       name, path_get(PATH_RUNTIME));
        }
        if (!lock_exclusively(fd)) {
                return error_set(
                        error, EBUSY, E_RUNNING,
                        "Tenant '%s' is running (or being removed); stop it first: systemctl stop tenant@%s",
                        name, name);
        }
        return TAKE_FD(fd);
}

int tenant_forget_runtime(const char *name, TenantError *error) {
        _cleanup_close_ int runtime = path_open(PATH_RUNTIME);
        int r = runtime < 0 ? runtime : tree_remove(runtime, name);

        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot remove %s/%s", path_get(PATH_RUNTIME),
                                       name)
                     : 0;
}

int tenant_payload_open(const char *name, TenantError *error) {
        char path[300];
        int fd;

        snprintf(path, sizeof(path), "/sys/fs/cgroup/" CGROUP_FORMAT, name);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0) {
                return error_set(error, ESRCH, E_NOT_RUNNING,
                                 "Tenant '%s' is not running; start it with: systemctl start "
                                 "tenant@%s",
                                 name, name);
        }
        return fd;
}

/* True when the process is below the tenant's payload cgroup. */
static bool is_of_tenant(pid_t pid, const char *name) {
        _cleanup_free_ char *text = NULL;
        char path[64], wanted[300], *save = NULL;
        size_t length;

        snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
        if (file_read(AT_FDCWD, path, 64 * 1024, &text, NULL) < 0) {
                return false;
        }
        length = (size_t) snprintf(wanted, sizeof(wanted), "0::/" CGROUP_FORMAT, name);
        for (const char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                /* From its first character on: a tenant can make cgroups whose path ends as another one's does. */
                if (strncmp(line, wanted, length) == 0 && (line[length] == '\0' || line[length] == '/')) {
                        return true;
                }
        }
        return false;
}

int tenant_init_pidfd(const char *name, pid_t *ret_pid, TenantError *error) {
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int pidfd = -1;
        char path[300];
        uint32_t pid;

        snprintf(path, sizeof(path), "%s/%s/init", path_get(PATH_RUNTIME), name);
        if (file_read(AT_FDCWD, path, 32, &text, NULL) >= 0 && parse_u32(text, &pid) >= 0) {
                pidfd = pidfd_open_cloexec((pid_t) pid);
        }
        /* Checked after the pidfd is held: it cannot be another process any more. */
        if (pidfd < 0 || !is_of_tenant((pid_t) pid, name)) {
                return error_set(error, ESRCH, E_NOT_RUNNING,
                                 "Tenant '%s' is not running; start it with: systemctl start "
                                 "tenant@%s",
                                 name, name);
        }
        *ret_pid = (pid_t) pid;
        return TAKE_FD(pidfd);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* apparmor.c: see apparmor.h. Refuses to take a file that is not procfs's for the kernel's word. */
#include "apparmor.h"
#include "fd.h"
#include "io.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

int apparmor_on_exec(void) {
        static const char command[] = "exec " APPARMOR_PROFILE;
        _cleanup_close_ int fd = open("/proc/self/attr/apparmor/exec", O_WRONLY | O_CLOEXEC | O_NOCTTY);
        struct statfs fs;

        if (fd < 0) {
                return errno == ENOENT ? 0 : -errno;
        }
        if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC) {
                return -EBADF;
        }
        /* ENOENT: not loaded. EINVAL: built in, but not among the security modules of this boot. */
        return write(fd, command, strlen(command)) < 0 && errno != ENOENT && errno != EINVAL ? -errno : 0;
}

bool apparmor_has(pid_t pid) {
        _cleanup_free_ char *label = NULL;
        char path[64];

        snprintf(path, sizeof(path), "/proc/%d/attr/apparmor/current", (int) pid);
        return file_read(AT_FDCWD, path, 4096, &label, NULL) >= 0 &&
               strncmp(label, APPARMOR_PROFILE " (", strlen(APPARMOR_PROFILE " (")) == 0;
}

int apparmor_state(void) {
        _cleanup_free_ char *enabled = NULL, *profiles = NULL;
        _cleanup_close_ int fd = -1;
        const char *at;
        int r;

        if (file_read(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", 16, &enabled, NULL) < 0 ||
            enabled[0] != 'Y') {
                return APPARMOR_ABSENT;
        }
        fd = open("/sys/kernel/security/apparmor/profiles", O_RDONLY | O_CLOEXEC);
        r = fd < 0 ? -errno : fd_read_all(fd, 4u << 20, &profiles, NULL);
        if (r < 0) {
                return r;
        }
        at = strstr(profiles, "\n" APPARMOR_PROFILE " (");
        if (strncmp(profiles, APPARMOR_PROFILE " (", strlen(APPARMOR_PROFILE " (")) == 0) {
                at = profiles;
        }
        if (!at) {
                return APPARMOR_NOT_LOADED;
        }
        return strncmp(strchr(at, '('), "(enforce)", 9) == 0 ? APPARMOR_ENFORCED : APPARMOR_COMPLAINS;
}

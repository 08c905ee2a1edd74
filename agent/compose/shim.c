/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* shim.c: see shim.h. The program's bytes come from the build (agent/run/exec-shim.c). */
#include "shim.h"
#include "fd.h"
#include "io.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* Linux 6.3; where vm.memfd_noexec asks for it. */
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

static const unsigned char program[] = {
#include "exec-shim-bytes.h"
};

static int create(void) {
        int fd = memfd_create("tenantd-exec", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

        if (fd < 0 && errno == EINVAL) {
                fd = memfd_create("tenantd-exec", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        }
        return fd < 0 ? -errno : fd;
}

int shim_open(void) {
        _cleanup_close_ int fd = create();
        int r = fd < 0 ? fd : fd_write_all(fd, program, sizeof(program));

        if (r >= 0 &&
            (fchmod(fd, 0111) < 0 ||
             fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)) {
                r = -errno;
        }
        return r < 0 ? r : TAKE_FD(fd);
}

int shim_exec(int shim_fd, char *const *argv, char *const *environment) {
        (void) syscall(SYS_execveat, shim_fd, "", argv, environment,
                       AT_EMPTY_PATH); /* returns only to fail */
        return -errno;
}

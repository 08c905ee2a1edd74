/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* seccomp.c: see seccomp.h. */
#include "seccomp.h"
#include "config.h"
#include "io.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#define SECCOMP_FILE TENANTD_DATA_DIR "/seccomp.bpf"
#define SECCOMP_PACKET_SOCKETS_FILE TENANTD_DATA_DIR "/seccomp-packet-sockets.bpf"

void seccomp_filter_done(SeccompFilter *f) {
        free(f->program);
        *f = (SeccompFilter){ 0 };
}

int seccomp_read(bool packet_sockets, SeccompFilter *ret, TenantError *error) {
        const char *file = packet_sockets ? SECCOMP_PACKET_SOCKETS_FILE : SECCOMP_FILE;
        char *data = NULL;
        size_t size = 0;
        int r = file_read(AT_FDCWD, file, BPF_MAXINSNS * sizeof(struct sock_filter), &data, &size);

        if (r >= 0 && (size == 0 || size % sizeof(struct sock_filter) != 0)) {
                free(data);
                r = -EBADMSG;
        }
        if (r < 0) {
                return error_set_errno(error, r, E_HOST_NOT_READY,
                                       "Cannot read the system call filter %s; reinstall tenantd", file);
        }
        *ret = (SeccompFilter){ .program = data, .size = size };
        return 0;
}

int seccomp_apply(const SeccompFilter *f) {
        struct sock_fprog program = {
                .len = (unsigned short) (f->size / sizeof(struct sock_filter)),
                .filter = f->program,
        };

        return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
}

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

static const char *const files[SECCOMP_KIND_COUNT] = {
        [SECCOMP_STRICT] = TENANTD_DATA_DIR "/seccomp.bpf",
        [SECCOMP_MEDIATED] = TENANTD_DATA_DIR "/seccomp-mediated.bpf",
};

void seccomp_filter_done(SeccompFilter *f) {
        for (size_t i = 0; i < SECCOMP_KIND_COUNT; i++) {
                free(f->kind[i].program);
        }
        *f = (SeccompFilter){ 0 };
}

int seccomp_read(SeccompFilter *ret, TenantError *error) {
        SeccompFilter f = { 0 };

        for (size_t i = 0; i < SECCOMP_KIND_COUNT; i++) {
                char *data = NULL;
                size_t size = 0;
                int r = file_read(AT_FDCWD, files[i], BPF_MAXINSNS * sizeof(struct sock_filter), &data,
                                  &size);

                f.kind[i].program = data;
                f.kind[i].size = size;
                if (r >= 0 && (size == 0 || size % sizeof(struct sock_filter) != 0)) {
                        r = -EBADMSG;
                }
                if (r < 0) {
                        seccomp_filter_done(&f);
                        return error_set_errno(error, r, E_HOST_NOT_READY,
                                               "Cannot read the system call filter %s; reinstall tenantd",
                                               files[i]);
                }
        }
        *ret = f;
        return 0;
}

int seccomp_apply(const SeccompFilter *f, enum seccomp_kind kind) {
        struct sock_fprog program = {
                .len = (unsigned short) (f->kind[kind].size / sizeof(struct sock_filter)),
                .filter = f->kind[kind].program,
        };

        return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
}

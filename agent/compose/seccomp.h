/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp.h: the tenants' system call filters. They are compiled when tenantd is built (agent/run/seccomp-gen.c, libseccomp) and
 * installed as files, so that a start loads them with two reads. The same filters are for init and for every Run.
 */
#pragma once

#include "error.h"

enum seccomp_kind {
        SECCOMP_STRICT,
        SECCOMP_MEDIATED, /* 32-bit sockets are left to the AppArmor profile: only for who has it */
        SECCOMP_KIND_COUNT,
};

typedef struct SeccompFilter {
        struct {
                void *program; /* struct sock_filter[] */
                size_t size; /* bytes */
        } kind[SECCOMP_KIND_COUNT];
} SeccompFilter;

void seccomp_filter_done(SeccompFilter *f);

/* Reads the installed filters, as host root, before any namespace is entered. -ENOENT HostNotReady. */
int seccomp_read(SeccompFilter *ret, TenantError *error) __attribute__((warn_unused_result));

/*
 * Applies one to the calling thread for good, without no-new-privs (set-uid programs inside must work), so it needs
 * CAP_SYS_ADMIN in the thread's user namespace. 0 or negative errno. No allocation, no path.
 */
int seccomp_apply(const SeccompFilter *f, enum seccomp_kind kind) __attribute__((warn_unused_result));

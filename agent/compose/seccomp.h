/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp.h: the tenants' system call filters. They are compiled when tenantd is built (agent/run/seccomp-gen.c, libseccomp) and
 * installed as seccomp.bpf and, for tenants with PacketSockets=yes, seccomp-packet-sockets.bpf, so that a start loads one with one read. The
 * same filter is for init and for every Run.
 */
#pragma once

#include "error.h"
#include <stdbool.h>

typedef struct SeccompFilter {
        void *program; /* struct sock_filter[] */
        size_t size; /* bytes */
} SeccompFilter;

void seccomp_filter_done(SeccompFilter *f);

/* Reads the installed filter, as host root, before any namespace is entered. -ENOENT HostNotReady. */
int seccomp_read(bool packet_sockets, SeccompFilter *ret, TenantError *error)
        __attribute__((warn_unused_result));

/*
 * Applies it to the calling thread for good, without no-new-privs (set-uid programs inside must work), so it needs
 * CAP_SYS_ADMIN in the thread's user namespace. 0 or negative errno. No allocation, no path.
 */
int seccomp_apply(const SeccompFilter *f) __attribute__((warn_unused_result));

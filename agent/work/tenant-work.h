/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tenant-work.h: what create, set, remove and recover share. Internal to agent/work. */
#pragma once

#include "backends.h"
#include "host.h"

/*
 * Destroys volume, certificates and allocation of a tenant that does not run and has no definition (any
 * more), which the caller has asked allocation_stage about. Idempotent. -EBUSY Running. -EBADMSG Damaged: the allocation cannot be read, so that nothing is
 * touched. The caller holds tenant_work_lock.
 */
int tenant_wipe(const char *name, const struct tenant_host *host, TenantError *error) _must_check_;

/* allocation_settle; a failure is logged, since recovery does it again. The caller holds tenant_work_lock. */
void tenant_settle(const char *name, const struct tenant_host *host);

/* Certificates of a new tenant, or of one that had no Docker before; those that are there are kept while they serve. */
int tenant_make_certificates(const Definition *d, const Allocation *a, const struct tenant_host *host,
                             TenantError *error) _must_check_;

/*
 * Lets the network backend choose, and adds what it remembers to the allocation. The caller holds
 * allocation_lock. `backends` must have been loaded with the host of the RememberingHost.
 */
int tenant_allocate_network(Backends *backends, Allocation *a, TenantError *error) _must_check_;

/* A copy of a keyfile's entries, without their places in files. */
int keyfile_copy(const Keyfile *from, Keyfile **ret, TenantError *error) _must_check_;

/* A host that passes everything on, but what a backend remembers, which goes to an allocation. */
typedef struct RememberingHost {
        struct tenant_host host;
        const struct tenant_host *outer;
        Allocation *allocation;
        enum tenant_kind kind;
} RememberingHost;

void remembering_host_init(RememberingHost *h, const struct tenant_host *outer, Allocation *a,
                           enum tenant_kind kind);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * running.h: a running tenant seen from outside its unit, from what is on disk and in the kernel alone: no bus, no list of
 * units. The lock of /run/tenantd/NAME/lock is held by the runner as long as the tenant lives.
 */
#pragma once

#include "cleanup.h"
#include "error.h"

/* True while a runner (or a worker that removes the tenant) holds the lock. */
bool tenant_is_locked(const char *name);

/*
 * Takes the lock without waiting, so that no start can happen: the descriptor; closing unlocks. -EBUSY Running.
 * The directory /run/tenantd/NAME is made.
 */
int tenant_lock(const char *name, TenantError *error) _must_check_;

/* Removes /run/tenantd/NAME, the lock with it. For whoever holds the lock; a start that waits for it finds no definition. */
int tenant_forget_runtime(const char *name, TenantError *error) _must_check_;

/* Directory of the payload cgroup, O_RDONLY|O_DIRECTORY. -ESRCH NotRunning. */
int tenant_payload_open(const char *name, TenantError *error) _must_check_;

/* pidfd of the tenant's init, checked to be in the tenant's cgroup, and its pid, its own as long as the pidfd lives. -ESRCH NotRunning. */
int tenant_init_pidfd(const char *name, pid_t *ret_pid, TenantError *error) _must_check_;

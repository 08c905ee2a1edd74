/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host.h: small services of the workers: what a host may leave out, and a lock by name. Internal to
 * agent/work.
 */
#pragma once

#include "cleanup.h"
#include "error.h"
#include "paths.h"

/* True when the job was cancelled. */
bool host_cancelled(const struct tenant_host *host);
void host_progress(const struct tenant_host *host, double fraction, const char *stage);
void host_log(const struct tenant_host *host, int level, const char *format, ...) _printf_(3, 4);

/*
 * A lock on a word, in the file `.names` of a directory of ours; ends with the descriptor. Does not wait.
 * -EBUSY: somebody has it (no detail set), other errors with detail.
 */
int name_lock(enum path_id directory, const char *name, bool exclusive, TenantError *error) _must_check_;

/*
 * Whether a directory of ours has room for `bytes` more, and for a few files; before anything is made. -ENOSPC NoSpace, with what is
 * free and what is needed.
 */
int space_check(enum path_id directory, uint64_t bytes, TenantError *error) _must_check_;

/* The right to create, change or remove tenant NAME. -EBUSY Busy. */
int tenant_work_lock(const char *name, TenantError *error) _must_check_;

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * shim.h: what a process of tenantd's becomes before it becomes one of a tenant's.
 *
 * A program that a tenant has in a well-known place may begin with "#!/proc/self/exe": then the kernel executes the program that is
 * executing it, once more and in the tenant, with the tenant's libraries, and the tenant holds an open file of the host's. To write
 * to it the tenant would have to be its owner (CVE-2019-5736), to read it is enough where the kernel lets the page cache be
 * written to (CVE-2022-0847), and tenantd's programs are executed by the host's root. So nothing of the host's disk is executing
 * then, but a copy in memory of a small program of its own: sealed, executable but not readable by the tenant, undumpable
 * because of that, and gone with its last process.
 */
#pragma once

#include "cleanup.h"

/* Makes the copy; to be called as the host's root, who stays its owner. Returns a descriptor or negative errno. */
int shim_open(void) _must_check_;

/*
 * Becomes the shim, which executes argv[0], looked up by the PATH of `environment` unless it has a slash, or says on standard error
 * why it cannot, and ends with 127 (not there) or 126. Returns only when the shim itself cannot be executed: negative errno.
 */
int shim_exec(int shim_fd, char *const *argv, char *const *environment) _must_check_;

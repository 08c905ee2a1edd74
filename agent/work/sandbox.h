/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sandbox.h: a child process that is root of the images' id range and of nothing else: what unpacks and what
 * builds images. Internal to agent/work.
 */
#pragma once

#include "cleanup.h"
#include "error.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/capability.h>
#include <sys/types.h>

typedef struct Sandbox {
        int pidfd; /* -1: none */
} Sandbox;

#define SANDBOX_NONE ((Sandbox){ .pidfd = -1 })

/*
 * Starts body(userdata) in user, pid, ipc and uts namespaces of its own (and what `more_flags` adds,
 * CLONE_NEW*), as uid and gid 0 mapped to IMAGE_ID_BASE, without foreign groups, killed when the caller
 * ends. Its exit status is what body returns. The descriptors are the caller's still: body closes what it
 * does not need, then calls sandbox_pivot or sandbox_bind, either of which gives it a mount namespace.
 */
int sandbox_start(uint64_t more_flags, int (*body)(void *userdata), void *userdata, Sandbox *ret,
                  TenantError *error) _must_check_;

/*
 * In the sandbox: makes the directory at dir_fd the root of the mount namespace and forgets every other
 * mount. The directory must belong to the images' id range. 0 or negative errno.
 */
int sandbox_pivot(int dir_fd) _must_check_;

/* In the sandbox: shows the directory at dir_fd at `target` as well, host path. 0 or negative errno. */
int sandbox_bind(int dir_fd, const char *target) _must_check_;

/* In the sandbox: from now on only `keep`, nothing more by exec. 0 or negative errno. */
int sandbox_drop_capabilities(const cap_value_t *keep, int n_keep) _must_check_;

/* Waits for its end. Exit status, or 128 + signal; negative errno. */
int sandbox_wait(Sandbox *s) _must_check_;

/* Kills it with everything in it, and waits. */
void sandbox_done(Sandbox *s);

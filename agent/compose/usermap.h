/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* usermap.h: the id maps of a user namespace that was just made, written by its parent. */
#pragma once

#include "cleanup.h"
#include "tenant-namespace.h"
#include <sys/types.h>

/* Writes /proc/PID/uid_map and gid_map. 0 or negative errno. */
int usermap_write(pid_t pid, const struct tenant_namespace_plan *plan) _must_check_;

/* The same, for users and groups alike, of one range: `inside` and the ids after it are `outside` and those after it. */
int usermap_write_range(pid_t pid, uint32_t inside, uint32_t outside, uint32_t count) _must_check_;

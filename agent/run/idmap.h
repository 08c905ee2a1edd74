/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* idmap.h: the mount through which a tenant sees an image. */
#pragma once

#include "error.h"
#include <stdint.h>
#include <sys/types.h>

/*
 * A detached, read-only, nodev mount of the tree at root_fd in which the `count` ids from `from` on disk appear as those from
 * `to`. Source: mount_setattr(2), MOUNT_ATTR_IDMAP; kernel 5.19 for its use below an overlay. A descriptor or negative errno.
 * *ret_child: a killed child that the caller reaps when it has nothing better to do; 0: there is none.
 */
int idmap_mount(int root_fd, uint32_t from, uint32_t to, uint32_t count, pid_t *ret_child,
                TenantError *error) __attribute__((warn_unused_result));

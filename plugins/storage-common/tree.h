/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tree.h: removal of a tree that its former owner, a hostile root, may have built to hurt whoever removes
 * it. */
#pragma once

#include "tenant-plugin.h"

/*
 * Opens one name below dir_fd as tenants' trees must be opened: no link is followed, no mount is entered,
 * nothing is left. O_CLOEXEC is added. The descriptor, or negative errno (-ELOOP: a link, -EXDEV: a mount
 * point).
 */
int tree_open(int dir_fd, const char *name, int flags) __attribute__((warn_unused_result));

/*
 * Removes everything below dir_fd, but not the directory itself. dir_fd is a directory that only the host's
 * root can write (the trees in it may be anybody's): helper directories are made in it, and removed. Bounds
 * 32 descriptors and 2 MiB of memory, whatever the tree's shape; time in proportion to its entries Errors
 * -EBUSY Busy: a mount point is in the tree; -ECANCELED: asked by the host; otherwise as unlinkat(2). What
 * can be removed is removed even then; the next call goes on.
 */
int tree_empty(int dir_fd, const struct tenant_host *host, struct tenant_error *error)
        __attribute__((warn_unused_result));

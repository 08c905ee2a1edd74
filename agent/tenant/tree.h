/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tree.h: removing trees that others wrote: by descriptors, no link followed, no mount crossed, no recursion
 * by depth.
 */
#pragma once

#include "error.h"

/*
 * Removes `name` below dir_fd with everything in it. A missing one is fine. 0 or negative errno; -EXDEV: a
 * mount is in it, -ELOOP: somebody adds entries as fast as they are removed. On error a part of it may be
 * gone. Two descriptors, whatever the depth: directories that are not empty are moved up to `name` before
 * they are emptied.
 */
int tree_remove(int dir_fd, const char *name) __attribute__((warn_unused_result));

/*
 * tree_remove of every entry of dir_fd named ".SOMETHING" + suffix. The first error, after all were tried.
 */
int tree_remove_suffix(int dir_fd, const char *suffix) __attribute__((warn_unused_result));

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fd.h: descriptors: directories, tree-safe opening. */
#pragma once

#include "cleanup.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * Opens path below dir_fd with openat2(2): no symbolic link is followed, no ".." leaves dir_fd, magic links are refused.
 * O_CLOEXEC is added. Returns the descriptor or negative errno (-ELOOP: a link; -EXDEV: it would leave).
 */
int open_beneath(int dir_fd, const char *path, int flags, mode_t mode) _must_check_;

/* mkdirat unless it exists, then open_beneath as O_PATH|O_DIRECTORY. Only the last component is made. */
int mkdir_open_beneath(int dir_fd, const char *path, mode_t mode) _must_check_;

/* mkdir -p of an absolute host path whose parents only root can write. 0 or negative errno. */
int mkdir_parents(const char *path, mode_t mode) _must_check_;

/* Thin wrappers of system calls that glibc 2.36 lacks or that need one spelling. All return negative errno. */
int pidfd_open_cloexec(pid_t pid) _must_check_;
int pidfd_kill(int pidfd, int signo) _must_check_;

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* io.h: whole files: bounded reads, atomic writes. */
#pragma once

#include "cleanup.h"
#include <stdbool.h>
#include <sys/types.h>

/*
 * Reads a regular file of at most `limit` bytes below dir_fd (AT_FDCWD: an absolute host path, links followed there only).
 * *ret is NUL-terminated and the caller's. Opens O_NONBLOCK and refuses what is not a regular file.
 * Errors: -EFBIG larger than limit, -EBADFD not a regular file, -errno.
 */
int file_read(int dir_fd, const char *path, size_t limit, char **ret, size_t *ret_size) _must_check_;

/* Reads an already open descriptor to its end, `limit` bytes at most (-EFBIG). */
int fd_read_all(int fd, size_t limit, char **ret, size_t *ret_size) _must_check_;

/* Writes everything; short writes are continued. */
int fd_write_all(int fd, const void *data, size_t size) _must_check_;

/* One write(2) of a short text to an existing file (sysfs, procfs, cgroupfs) below dir_fd. */
int file_write_at(int dir_fd, const char *path, const char *text) _must_check_;

/*
 * Replaces path below dir_fd atomically: temporary file, mode, data, fsync, rename, fsync of the directory.
 * After a crash either the old or the new content is there. 0 or negative errno.
 */
int file_replace_atomic(int dir_fd, const char *path, mode_t mode, const void *data, size_t size)
        _must_check_;

/* The same for a file that must not be there yet: -EEXIST, even when two do it at once. */
int file_create_atomic(int dir_fd, const char *path, mode_t mode, const void *data, size_t size)
        _must_check_;

/*
 * The same without the fsync of the directory: complete or absent after a crash, and durable with the next fsync of a file or
 * directory on the same file system (ext4, xfs and btrfs commit in order).
 */
int file_create_ordered(int dir_fd, const char *path, mode_t mode, const void *data, size_t size)
        _must_check_;

/*
 * Removes from a directory what these three had begun when their process was killed. Only what has the name of no living process,
 * so others may be at work there. 0 or negative errno.
 */
int file_sweep(int dir_fd) _must_check_;

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unit.h: what the unit tests share: cmocka's includes in its order, a root directory of their own, files, a
 * random source.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* After the others, which it needs. */
#include <cmocka.h>

#include "cleanup.h"
#include "error.h"
#include <sys/stat.h>

/* Group setup and teardown: a temporary directory as paths_set_root(), removed at the end. */
int unit_root_setup(void **state);
int unit_root_teardown(void **state);

/* Test setup: empties the directory. */
int unit_root_empty(void **state);

/* The directory. */
const char *unit_root(void);

/* "ROOT/path"; of eight buffers in turn. */
const char *unit_path(const char *path);

/* Writes ROOT/path, directories above made. */
void unit_write(const char *path, const char *text);
void unit_write_bytes(const char *path, const void *data, size_t size);

/* Text of ROOT/path; the caller frees. */
char *unit_read(const char *path);

bool unit_exists(const char *path);

/* Number of entries of ROOT/path, hidden ones too. */
size_t unit_count(const char *path);

/* Open descriptors of the process. */
size_t unit_open_fds(void);

/* Deterministic; the same in every run. */
uint32_t unit_random(uint32_t below);

/* The error has this code and short name, and its message holds `part`, ends, and can be sent on the bus. */
#define assert_error(e_, r_, code_, name_, part_)                                                           \
        unit_assert_error(&(e_), r_, code_, name_, part_, __FILE__, __LINE__)
void unit_assert_error(const TenantError *e, int r, int code, const char *name, const char *part,
                       const char *file, int line);

/* r is 0 or more; else the test fails with the message of the error. */
#define assert_ok(e_, r_) unit_assert_ok(&(e_), r_, __FILE__, __LINE__)
void unit_assert_ok(const TenantError *e, int r, const char *file, int line);

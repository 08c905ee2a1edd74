/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* harness.h: what the contract programs share. cmocka with TAP output; a test without root skips with its
 * reason. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cleanup.h"
#include "loader.h"
#include <fcntl.h>
#include <sys/stat.h>

/* Skips the running test unless it is root's. */
#define require_root()                                                                                      \
        do {                                                                                                \
                if (geteuid() != 0) {                                                                       \
                        print_message("# skip: needs root: %s\n", __func__);                                \
                        skip();                                                                             \
                }                                                                                           \
        } while (0)

/* A new private directory, mode 0755; the path is the caller's to free. */
char *harness_directory(void);

/* Removes it with all that is in it. */
void harness_remove(const char *path);

/* Copies a file to DIRECTORY/NAME with this mode. */
void harness_copy(const char *from, const char *directory, const char *name, mode_t mode);

/* "a/KIND-NAME.so" → kind and name (buf of 64). Fails the test when it is not of that shape. */
enum tenant_kind harness_parse_path(const char *path, char name[static 64]);

/* Descriptors that are open in this process. */
size_t harness_count_fds(void);

/* The error is one an operator can act on: a name of the table and a message of one line. */
void harness_assert_error(int r, const TenantError *error);

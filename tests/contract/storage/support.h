/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* support.h: the plugin under test, its host, and what the storage tests build and look at. */
#pragma once

#include "tenant-storage.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/quota.h>

#define ID_BASE 604045312u
#define ID_COUNT 262144u
#define PROJECT 100007u
#define MIB (UINT64_C(1) << 20)
#define LIMIT_BYTES (16 * MIB)
#define LIMIT_INODES 400u
#define STORE_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* setup and teardown of each test: no descriptor, mount, file or project may be left. */
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

extern const struct tenant_plugin *plugin;
extern const struct tenant_storage_ops *ops;
extern const struct tenant_host host;
extern struct tenant_context
        acme; /* with values, which setup fills with the limits above if the backend has some */
extern struct tenant_value values[2];
extern struct tenant_error error;
extern unsigned cancel_after; /* the host says "cancelled" at this question; 0: never */

/* STORE, which holds nothing between two tests; canary_path is a directory in it that no test may harm. */
extern int store_fd;
extern char store_path[4096];
extern char canary_path[4096 + 16];

int plugin_load(const char *path);
int store_prepare(const char *path);
void store_release(void);
int setup(void **state);
int teardown(void **state);

bool has_limits(void);
void set_limits(uint64_t bytes, uint64_t inodes);
void set_size(uint64_t bytes); /* nothing said of inodes */
void expect_error(int r, int code, const char *name);
void expect_done(int r);
void provision(void);
void destroy(void);

/* provision, a deep tree, and a destroy that is cancelled half-way. */
void cancelled_destroy(void);

unsigned count_entries(int dir_fd, const char *path);
unsigned count_mounts(void);
int volume_open(const char *below);
void write_file(int dir_fd, const char *name);
void attributes_set(int dir_fd, const char *name, unsigned attributes);
void canary_make(void);
void canary_assert_alive(void);
void canary_remove(void);

/* Makes a chain of directories; where it forks, each directory has a few more, and a file. */
void tree_deep(int dir_fd, unsigned depth, bool forks);

/* Independent of the backend: what the kernel has of the project. */
int quota(unsigned command, uint32_t project_id, struct if_dqblk *block);
struct if_dqblk quota_read(uint32_t project_id);

extern const struct CMUnitTest refusal_tests[], volume_tests[], unlimited_tests[], limits_tests[];
extern const size_t n_refusal_tests, n_volume_tests, n_unlimited_tests, n_limits_tests;

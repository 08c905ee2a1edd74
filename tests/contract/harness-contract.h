/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* harness-contract.h: the plugin that the harness was given, and a tenant to call it with. */
#pragma once

#include "harness.h"

/* Set subject_path, then let subject_load (a cmocka group set-up) fill in the rest. */
extern const char *subject_path;
int subject_load(void **state);
extern void *subject_handle;
extern enum tenant_kind subject_kind;
extern char subject_name[64];
extern const struct tenant_plugin *subject_given; /* the plugin's own descriptor */
extern Plugin subject; /* the checked copy */

/* A tenant with the settings' defaults, or with none (as in release). Free with subject_tenant_free. */
struct subject_tenant {
        struct tenant_context context;
        struct tenant_value *values;
        struct tenant_fact facts[32]; /* what the plugin asked to remember */
        size_t n_remembered;
        int remember_result; /* what remember() returns; below 0 nothing is kept */
        struct tenant_host host;
};
struct subject_tenant *subject_tenant_new(bool defaults);
struct subject_tenant *subject_tenant_free(struct subject_tenant *t);
DEFINE_CLEANUP(struct subject_tenant *, subject_tenant_free)

/* Sets one key as an operator would write it; false when the plugin has no such key. Fails the test on a bad
 * value. */
bool subject_tenant_set(struct subject_tenant *t, const char *key, const char *value);

/* harness-undo.c: operations that need a directory, a network namespace or nothing. */
void test_undo_without_do(void **state);
void test_storage_round(void **state);
void test_cgroup_gone(void **state);
void test_network_allocation(void **state);
void test_namespace_plan(void **state);
void test_namespace_enter(void **state);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* task.h: what workers of the agent do: arguments, and a WorkFunction for each operation over agent/work. */
#pragma once

#include "keyfile.h"
#include "worker.h"

/* Arguments; each task uses what it needs. NULL members are not given. */
typedef struct Task {
        char *tenant;
        char *image;
        Keyfile *settings;
        int fd; /* -1: none */
        char *path; /* of a file of the host, instead of fd */
        char *source;
        char *suite;
        char *profile;
        char **packages;
        char **argv;
        GBytes *input;
        uint64_t timeout_usec;
        char *common_name;
        uint32_t days;
} Task;

Task *task_new(void);
Task *task_free(Task *t);
DEFINE_CLEANUP(Task *, task_free)

int task_create(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error);
int task_remove(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error);
int task_rotate(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error);
int task_build_image(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error);
int task_import_image(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error);
int task_remove_image(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error);
int task_mend_networks(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error);
int task_recover(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error);

/* Results: live and later, vectors of strings. */
int task_set(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error);
/* Results: int32 status, output, errors, uint8 truncated. */
int task_run(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error);
/* Results: ca, cert, key, endpoint. */
int task_credentials(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error);
/* Results: a vector of strings, three for each check. */
int task_check_host(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error);

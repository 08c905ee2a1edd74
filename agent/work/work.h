/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * work.h: the long operations of the agent, each run in a process of its own (a worker), which may block, be
 * cancelled by SIGTERM (host->cancelled turns true) and be killed at any point: every one leaves something
 * that the next call of the same operation, or work_recover(), cleans up. No bus here. `host` gives log,
 * progress and cancel.
 */
#pragma once

#include "backends.h"
#include "image.h"
#include "keyfile.h"

/*
 * Creates a tenant from settings (a Keyfile with the definition's sections, borrowed; validated on the merged
 * result). Order: validate, image, allocation (chosen and saved under its lock, so that all that comes after
 * belongs to somebody), volume, certificates when Docker is enabled, definition (the commit point: a tenant
 * exists when its definition does). Undone in reverse on any error; what a killed worker left of the same
 * name is removed first. InvalidName, InvalidSetting, TenantExists, NoSuchImage, NoSpace, AddressInUse,
 * HostNotReady, Busy.
 */
int work_create_tenant(const char *name, Keyfile *settings, const struct tenant_host *host,
                       TenantError *error) _must_check_;

/*
 * Removes a stopped tenant: definition first, then volume, certificates, allocation. -EBUSY Running, Busy. -ENOENT
 * NoSuchTenant.
 */
int work_remove_tenant(const char *name, const struct tenant_host *host, TenantError *error) _must_check_;

/*
 * Changes settings (a Keyfile of the changed keys; an empty value removes a key): validated on the merged
 * object, live keys applied to a running tenant, then written. On error nothing is changed.
 * ret_live/ret_later: "Section.Key" vectors (strv_free) of what took effect now and what waits for the next
 * start.
 */
int work_set_tenant(const char *name, Keyfile *changes, const struct tenant_host *host, char ***ret_live,
                    char ***ret_later, TenantError *error) _must_check_;

/*
 * Unpacks a root tar (any compression libarchive knows) from fd into image NAME. ImageExists, BadImage,
 * NoSpace, Canceled.
 */
int work_import_image(const char *name, int fd, const char *source, const struct tenant_host *host,
                      TenantError *error) _must_check_;

/*
 * What a build can be asked for: a suite's name, profile "plain" (the default, NULL) or "docker", and more packages
 * (NULL-terminated, or NULL). Does not block. -EINVAL InvalidSetting.
 */
int work_check_build(const char *suite, const char *profile, char *const *packages, TenantError *error)
        _must_check_;

/*
 * Builds image NAME with mmdebstrap from a Debian suite (the host's own apt sources when they have the
 * suite, else /etc/apt/SUITE.list), with arguments as work_check_build.
 */
int work_build_image(const char *name, const char *suite, const char *profile, char **packages,
                     const struct tenant_host *host, TenantError *error) _must_check_;

int work_remove_image(const char *name, const struct tenant_host *host, TenantError *error) _must_check_;

/* Output of a program in a tenant. Bounded: 1 MiB each; what is over is dropped, and `truncated` says so. */
typedef struct RunResult {
        int status; /* exit status, or 128 + signal */
        bool timed_out;
        bool truncated;
        char *out;
        size_t out_size;
        char *err;
        size_t err_size;
} RunResult;

void run_result_done(RunResult *r);

typedef struct RunRequest {
        const char *tenant;
        char *const *argv;
        uint64_t timeout_usec; /* 0: 25 s */
        const void *input;
        size_t input_size;
} RunRequest;

/*
 * Runs argv as root of a running tenant: its namespaces, a cgroup of its own below the payload, the tenant's
 * seccomp filter, a clean environment, no foreign descriptor. The program is looked up inside the tenant.
 * -ESRCH NotRunning; Timeout is not an error (timed_out).
 */
int work_run(const RunRequest *request, const struct tenant_host *host, RunResult *ret, TenantError *error)
        _must_check_;

/*
 * Removes what killed workers left: partial images, volumes and allocations without a definition, backends'
 * gc. Renews server certificates that lack a name of now.
 */
int work_recover(const struct tenant_host *host, TenantError *error) _must_check_;

/* Lets network backends put back what somebody took from all tenants at once (backends_intact). */
int work_mend_networks(const struct tenant_host *host, TenantError *error) _must_check_;

/* One finding of CheckHost. result: "ok", "warning", "error". */
typedef struct HostCheck {
        char *check;
        const char *result;
        char *advice; /* what to do; empty when ok */
} HostCheck;

HostCheck *host_checks_free(HostCheck *checks, size_t n);

/*
 * Looks at cgroup v2 and controllers, quota of the store, modules, sysctls, nft, user namespaces, kernel
 * version, images. Fast.
 */
int work_check_host(HostCheck **ret, size_t *ret_n, TenantError *error) _must_check_;

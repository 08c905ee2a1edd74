/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * task.c: see task.h. Runs in workers only; arguments were checked by the handlers, and are checked again by agent/work, which
 * knows what they mean. Owned by the agent.
 */
#include "task.h"
#include "docker.h"
#include "fd.h"
#include "pki.h"
#include "running.h"
#include "strv.h"
#include "work.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

Task *task_new(void) {
        Task *t = g_new0(Task, 1);

        t->fd = -1;
        return t;
}

Task *task_free(Task *t) {
        if (t) {
                g_free(t->tenant);
                g_free(t->image);
                (void) keyfile_free(t->settings);
                (void) fd_close(t->fd);
                g_free(t->path);
                g_free(t->source);
                g_free(t->suite);
                g_free(t->profile);
                (void) strv_free(t->packages);
                (void) strv_free(t->argv);
                g_bytes_unref(t->input);
                g_free(t->common_name);
                g_free(t);
        }
        return NULL;
}

int task_create(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error) {
        Task *t = task;

        return work_create_tenant(t->tenant, t->settings, host, error);
}

int task_remove(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error) {
        Task *t = task;

        return work_remove_tenant(t->tenant, host, error);
}

static int load(const Task *t, Definition **ret_definition, Allocation **ret_allocation,
                TenantError *error) {
        int r = definition_load(t->tenant, ret_definition, error);

        return r < 0 ? r : allocation_load(t->tenant, ret_allocation, error);
}

int task_rotate(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error) {
        _cleanup_(definition_free_p) Definition *definition = NULL;
        _cleanup_(allocation_free_p) Allocation *allocation = NULL;
        _cleanup_(strv_free_p) char **dns = NULL, **addresses = NULL;
        Task *t = task;
        int r = load(t, &definition, &allocation, error);

        if (r >= 0) {
                r = docker_names(definition, allocation, &dns, &addresses, error);
        }
        if (r >= 0) {
                host->progress(host->userdata, -1.0, "certificates");
                r = pki_rotate(t->tenant, &(PkiNames){ .dns = dns, .addresses = addresses }, error);
        }
        if (r < 0 || !tenant_is_locked(t->tenant)) {
                return r;
        }
        host->progress(host->userdata, -1.0, "docker");
        return docker_push_certificates(t->tenant, host, error);
}

int task_build_image(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error) {
        Task *t = task;

        return work_build_image(t->image, t->suite, t->profile, t->packages, host, error);
}

/* The path is root's, or somebody's whom polkit trusts with images; what it holds is hostile in any case. */
static int open_source(const char *path, TenantError *error) {
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;

        if (fd < 0) {
                return error_set_errno(error, errno, E_BAD_IMAGE, "Cannot open %.256s", path);
        }
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
                (void) fd_close(fd);
                return error_set(error, EINVAL, E_BAD_IMAGE, "%.256s is not a regular file", path);
        }
        return fd;
}

int task_import_image(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error) {
        Task *t = task;

        if (t->path) {
                t->fd = open_source(t->path, error);
                if (t->fd < 0) {
                        return t->fd;
                }
        }
        return work_import_image(t->image, t->fd, t->source ? t->source : "import", host, error);
}

int task_remove_image(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error) {
        Task *t = task;

        return work_remove_image(t->image, host, error);
}

int task_mend_networks(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error) {
        return work_mend_networks(host, error);
}

int task_recover(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error) {
        return work_recover(host, error);
}

int task_set(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error) {
        _cleanup_(strv_free_p) char **live = NULL, **later = NULL;
        Task *t = task;
        int r = work_set_tenant(t->tenant, t->settings, host, &live, &later, error);

        if (r >= 0) {
                work_result_put_strv(result, live);
                work_result_put_strv(result, later);
        }
        return r;
}

int task_run(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error) {
        _cleanup_(run_result_done) RunResult run = { 0 };
        Task *t = task;
        RunRequest request = { .tenant = t->tenant, .argv = t->argv, .timeout_usec = t->timeout_usec };
        uint8_t truncated;
        int32_t status;
        int r;

        if (t->input) {
                request.input = g_bytes_get_data(t->input, &request.input_size);
        }
        r = work_run(&request, host, &run, error);
        if (r < 0) {
                return r;
        }
        if (run.timed_out) {
                return error_set(
                        error, ETIMEDOUT, E_TIMEOUT,
                        "The program did not end in time and was killed; give option TimeoutUSec more");
        }
        status = run.status;
        truncated = run.truncated;
        work_result_put(result, &status, sizeof(status));
        work_result_put(result, run.out, run.out_size);
        work_result_put(result, run.err, run.err_size);
        work_result_put(result, &truncated, sizeof(truncated));
        return 0;
}

int task_credentials(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error) {
        _cleanup_(definition_free_p) Definition *definition = NULL;
        _cleanup_(allocation_free_p) Allocation *allocation = NULL;
        _cleanup_(pki_bundle_done) PkiBundle bundle = { 0 };
        _cleanup_free_ char *endpoint = NULL;
        Task *t = task;
        int r = load(t, &definition, &allocation, error);

        if (r >= 0) {
                r = docker_endpoint(definition, allocation, &endpoint, error);
        }
        if (r >= 0) { /* or the endpoint that we hand out would not be believed */
                r = docker_renew_certificate(definition, allocation, host, error);
        }
        if (r >= 0) {
                r = pki_issue_client(t->tenant, t->common_name ? t->common_name : "client", t->days, &bundle,
                                     error);
        }
        if (r >= 0) {
                work_result_put(result, bundle.ca, strlen(bundle.ca));
                work_result_put(result, bundle.cert, strlen(bundle.cert));
                work_result_put(result, bundle.key, strlen(bundle.key));
                work_result_put(result, endpoint, strlen(endpoint));
        }
        return r;
}

int task_check_host(void *task, const struct tenant_host *host, WorkResult *result, TenantError *error) {
        HostCheck *checks = NULL;
        g_autoptr(GPtrArray) texts = g_ptr_array_new();
        size_t n = 0;
        int r = work_check_host(&checks, &n, error);

        if (r < 0) {
                return r;
        }
        for (size_t i = 0; i < n; i++) {
                g_ptr_array_add(texts, checks[i].check);
                g_ptr_array_add(texts, (gpointer) checks[i].result);
                g_ptr_array_add(texts, checks[i].advice ? checks[i].advice : (gpointer) "");
        }
        g_ptr_array_add(texts, NULL);
        work_result_put_strv(result, (char *const *) texts->pdata);
        (void) host_checks_free(checks, n); /* returns NULL */
        return 0;
}

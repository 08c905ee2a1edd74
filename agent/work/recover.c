/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recover.c: what killed workers left: half-made images, half-written files, allocations and volumes without a definition,
 * programs in tenants.
 * Refuses to collect while any allocation cannot be read, since a volume that nobody seems to own may be
 * its; and passes by what another worker is busy with. Owned by the agent's workers.
 */
#include "docker.h"
#include "fd.h"
#include "image-store.h"
#include "image.h"
#include "inside.h"
#include "io.h"
#include "name.h"
#include "strv.h"
#include "tenant-work.h"
#include "tree.h"
#include "work.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define RUNS_USEC 5000000u

/* Lives as long as gc needs it. */
typedef struct Living {
        struct tenant_context *contexts;
        struct tenant_fact **facts; /* of the kind that is collected */
        Allocation **allocations;
        char **names;
        size_t n;
} Living;

static void living_done(Living *l) {
        for (size_t i = 0; i < l->n; i++) {
                (void) allocation_free(l->allocations[i]); /* returns NULL */
                free(l->facts[i]);
        }
        free(l->contexts);
        free(l->facts);
        free(l->allocations);
        l->names = strv_free(l->names);
}

static void warn(const struct tenant_host *host, const TenantError *e) {
        host_log(host, 4, "%s", e->message);
}

static void recover_tenant(const char *name, const struct tenant_host *host) {
        TenantError e = { 0 };
        _cleanup_close_ int lock = tenant_work_lock(name, &e);

        if (lock == -EBUSY) {
                return; /* it is being made or removed now */
        }
        if (lock < 0) {
                warn(host, &e);
                return;
        }
        if (definition_exists(name)) {
                tenant_settle(name, host);
                return;
        }
        /* Nobody asked for its end: its definition may be moved away, or on a disk that is not here. */
        if (allocation_stage(name) == ALLOCATION_COMPLETE) {
                host_log(
                        host, 4,
                        "Tenant %s has no definition %s/%s.conf; put it back, or remove what is left of it: "
                        "tenantctl remove %s",
                        name, path_get(PATH_DEFINITIONS), name, name);
                return;
        }
        host_log(host, 6, "Tenant %s is not complete, removing what is left of it", name);
        if (tenant_wipe(name, host, &e) < 0) {
                warn(host, &e);
        }
}

static int sweep(enum path_id which, const char *name, TenantError *error) {
        _cleanup_close_ int parent = path_open(which),
                            fd = parent < 0 ? parent : open_beneath(parent, name, O_RDONLY | O_DIRECTORY, 0);
        int r = fd < 0 ? fd : file_sweep(fd);

        return r < 0 && r != -ENOENT ? error_set_errno(error, r, E_FAILED, "Cannot clean up in %s/%s",
                                                       path_get(which), name)
                                     : 0;
}

/* Files that a killed worker was writing. */
static int recover_files(TenantError *error) {
        _cleanup_(strv_free_p) char **names = NULL;
        int r = sweep(PATH_DEFINITIONS, ".", error);

        r = r < 0 ? r : allocation_list(&names, error);
        for (char **name = names; r >= 0 && name && *name; name++) {
                r = sweep(PATH_TENANTS, *name, error);
        }
        return r;
}

static int recover_tenants(const struct tenant_host *host, TenantError *error) {
        _cleanup_(strv_free_p) char **names = NULL;
        int r = allocation_list(&names, error);

        for (size_t i = 0; r >= 0 && names[i]; i++) {
                if (host_cancelled(host)) {
                        return error_set(error, ECANCELED, E_CANCELED,
                                         "The recovery was canceled; the next one goes on");
                }
                if (!definition_exists(names[i]) || allocation_stage(names[i]) != ALLOCATION_COMPLETE) {
                        recover_tenant(names[i], host);
                }
        }
        return r;
}

/* Tenants whose Docker has an address or a name that its certificate lacks: the host may have moved since. */
static void recover_certificate(const char *name, const struct tenant_host *host) {
        _cleanup_(definition_free_p) Definition *d = NULL;
        _cleanup_(allocation_free_p) Allocation *a = NULL;
        TenantError e = { 0 };
        _cleanup_close_ int lock = tenant_work_lock(name, &e);

        if (lock < 0) {
                return; /* it is being changed now */
        }
        if (definition_load(name, &d, &e) < 0 || !d->docker_enabled || allocation_load(name, &a, &e) < 0) {
                return; /* a mistake in a definition is said when somebody uses it */
        }
        if (docker_renew_certificate(d, a, host, &e) < 0) {
                warn(host, &e);
        }
}

static int recover_certificates(const struct tenant_host *host, TenantError *error) {
        _cleanup_(strv_free_p) char **names = NULL;
        int r = definition_list(&names, error);

        for (char **name = names; r >= 0 && name && *name && !host_cancelled(host); name++) {
                recover_certificate(*name, host);
        }
        return r;
}

/*
 * Programs of Run whose worker was killed; their own children may have outlived it. What does not die in time waits for its tenant's
 * end: everybody's jobs wait for us.
 */
static int recover_runs(TenantError *error) {
        _cleanup_(strv_free_p) char **names = NULL;
        const uint64_t deadline = inside_deadline(RUNS_USEC);
        int r = definition_list(&names, error);

        for (char **name = names; r >= 0 && name && *name; name++) {
                inside_collect(*name, deadline);
        }
        return r;
}

/* ".NAME.partial", ".NAME.build" or ".NAME.removed": the name, or "". */
static void name_of_hidden(const char *hidden, char ret[static TENANT_NAME_MAX + 1]) {
        const char *dot = strrchr(hidden, '.');
        size_t n = dot ? (size_t) (dot - hidden) : 0;

        ret[0] = '\0';
        if (hidden[0] == '.' && n > 1 && n - 1 <= TENANT_NAME_MAX &&
            (strcmp(dot, ".partial") == 0 || strcmp(dot, ".build") == 0 || strcmp(dot, ".removed") == 0)) {
                memcpy(ret, hidden + 1, n - 1);
                ret[n - 1] = '\0';
        }
}

static void recover_image(int images_fd, const char *hidden, const struct tenant_host *host) {
        char name[TENANT_NAME_MAX + 1];
        TenantError e = { 0 };
        int r;

        name_of_hidden(hidden, name);
        if (!tenant_name_is_valid(name)) {
                return;
        }
        _cleanup_close_ int lock = image_lock(name, true, &e);
        if (lock == -EBUSY) {
                return; /* it is being made now */
        }
        host_log(host, 6, "Image %s was not finished, removing what is left of it", name);
        r = lock < 0 ? lock : tree_remove(images_fd, hidden);
        if (r < 0) {
                host_log(host, 4, "Cannot remove %s/%s: %s", path_get(PATH_IMAGES), hidden, strerror(-r));
        }
}

static int recover_images(const struct tenant_host *host, TenantError *error) {
        _cleanup_close_ int images = path_open(PATH_IMAGES);
        _cleanup_closedir_ DIR *dir = opendir(path_get(PATH_IMAGES));
        _cleanup_(strv_free_p) char **hidden = NULL;
        struct dirent *e;
        int r = 0;

        if (images < 0 || !dir) {
                return error_set_errno(error, images < 0 ? images : errno, E_FAILED, "Cannot open %s",
                                       path_get(PATH_IMAGES));
        }
        while (r >= 0 && (e = readdir(dir))) {
                r = e->d_name[0] == '.' ? strv_push(&hidden, e->d_name) : 0;
        }
        if (r < 0) {
                return r;
        }
        for (char **p = hidden; p && *p; p++) {
                recover_image(images, *p, host);
        }
        return 0;
}

/*
 * Every tenant with an allocation, also one that is being made now: its allocation comes before its volume.
 */
static int living_read(Living *l, const struct tenant_host *host, TenantError *error) {
        int r = allocation_list(&l->names, error);
        size_t n = strv_length(l->names);

        if (r < 0) {
                return r;
        }
        l->contexts = calloc(n + 1, sizeof(l->contexts[0]));
        l->facts = calloc(n + 1, sizeof(l->facts[0]));
        l->allocations = calloc(n + 1, sizeof(l->allocations[0]));
        if (!l->contexts || !l->facts || !l->allocations) {
                return -ENOMEM;
        }
        for (; l->n < n; l->n++) {
                Allocation *a;

                r = allocation_load(l->names[l->n], &a, error);
                if (r < 0) {
                        return r;
                }
                l->allocations[l->n] = a;
                l->contexts[l->n] = (struct tenant_context){
                        .struct_size = sizeof(l->contexts[0]),
                        .name = l->names[l->n],
                        .index = a->index,
                        .id_base = a->ids.base,
                        .id_count = a->ids.count,
                        .project_id = a->project_id,
                        .host = host,
                };
        }
        return 0;
}

/* A backend knows its tenants by what it remembered for them. The strings stay the allocation's. */
static int living_set_kind(Living *l, enum tenant_kind kind) {
        for (size_t i = 0; i < l->n; i++) {
                const Allocation *a = l->allocations[i];
                size_t n = 0;

                free(l->facts[i]);
                l->facts[i] = calloc(a->n_facts + 1, sizeof(l->facts[i][0]));
                if (!l->facts[i]) {
                        return -ENOMEM;
                }
                for (size_t k = 0; k < a->n_facts; k++) {
                        if (a->facts[k].kind == kind) {
                                l->facts[i][n++] = (struct tenant_fact){ .key = a->facts[k].key,
                                                                         .value = a->facts[k].value };
                        }
                }
                l->contexts[i].facts = l->facts[i];
                l->contexts[i].n_facts = n;
        }
        return 0;
}

/* Storage is collected with its store, all other kinds without. */
static int collect_one(const Plugin *plugin, enum tenant_kind kind, int store_fd, const Living *l,
                       const struct tenant_host *host, TenantError *e) {
        if (kind == TENANT_KIND_STORAGE && plugin->ops.storage.collect) {
                return plugin->ops.storage.collect(host, store_fd, l->contexts, l->n, e);
        }
        return plugin->descriptor.gc ? plugin->descriptor.gc(host, l->contexts, l->n, e) : 0;
}

static void collect(const Plugin *plugin, enum tenant_kind kind, int store_fd, const Living *living,
                    const struct tenant_host *host) {
        TenantError e = { 0 };
        int r = plugin_probe(plugin, host, &e);

        if (r < 0) {
                return;
        }
        r = plugin_result(plugin, "collect", collect_one(plugin, kind, store_fd, living, host, &e), &e);
        if (r < 0) {
                warn(host, &e);
        }
}

static int collect_kind(enum tenant_kind kind, int store_fd, Living *living, const struct tenant_host *host,
                        TenantError *error) {
        _cleanup_(strv_free_p) char **names = NULL;
        int r = living_set_kind(living, kind);

        r = r < 0 ? r : plugin_list(kind, &names, error);
        for (char **name = names; r >= 0 && name && *name; name++) {
                const Plugin *plugin;
                TenantError e = { 0 };

                if (plugin_load(kind, *name, &plugin, &e) < 0) {
                        warn(host, &e);
                } else {
                        collect(plugin, kind, store_fd, living, host);
                }
        }
        return r;
}

/*
 * Under the allocation lock: no tenant can be added meanwhile. Backends that belong to nothing here (null
 * ones of tests, ones that cannot work) are passed by.
 */
static int collect_kinds(unsigned kinds, const struct tenant_host *host, TenantError *error) {
        _cleanup_(living_done) Living living = { 0 };
        _cleanup_close_ int lock = allocation_lock(host, error), store = path_open(PATH_STORAGE);
        int r = lock < 0 ? lock : allocation_collect(error);

        if (r >= 0 && store < 0) {
                r = error_set_errno(error, store, E_FAILED, "Cannot open %s", path_get(PATH_STORAGE));
        }
        r = r < 0 ? r : living_read(&living, host, error);
        for (enum tenant_kind k = 0; r >= 0 && k < TENANT_KIND_COUNT; k++) {
                r = kinds & KIND_BIT(k) ? collect_kind(k, store, &living, host, error) : 0;
        }
        return r;
}

int work_mend_networks(const struct tenant_host *host, TenantError *error) {
        int r = collect_kinds(KIND_BIT(TENANT_KIND_NETWORK), host, error);

        return r == -ENOMEM ? error_set_errno(error, r, E_FAILED, "Cannot mend the networks") : r;
}

int work_recover(const struct tenant_host *host, TenantError *error) {
        int r = recover_images(host, error);

        r = r < 0 ? r : recover_files(error);
        r = r < 0 ? r : recover_tenants(host, error);
        r = r < 0 ? r : recover_runs(error);
        r = r < 0 ? r : collect_kinds(KINDS_ALL, host, error);
        r = r < 0 ? r : recover_certificates(host, error);
        return r == -ENOMEM ? error_set_errno(error, r, E_FAILED, "Cannot recover") : r;
}

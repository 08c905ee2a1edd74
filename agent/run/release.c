/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * release.c: undoes a run, from the last line of its journal to the first. ExecStopPost of the unit. Works after
 * kill -9 of anything at any point, needs no definition (it may be gone or broken), and can be run again. After a boot there is
 * nothing to undo: the journal was in /run, with what it told of.
 */
#include "fd.h"
#include "journal.h"
#include "log.h"
#include "paths.h"
#include "run.h"
#include "running.h"
#include <fcntl.h>
#include <sys/file.h>

typedef int (*Undo)(const Backend *b, const char *name, TenantError *error);

static int undo_cgroup(const Backend *b, const char *name, TenantError *error) {
        _cleanup_close_ int unit = -1;
        char path[300];

        snprintf(path, sizeof(path), "/sys/fs/cgroup/tenant.slice/tenant@%s.service", name);
        unit = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (unit < 0) {
                return 0; /* systemd removed it already */
        }
        return b->plugin->ops.cgroup.release(&b->context, unit, error);
}

static int undo_storage(const Backend *b, const char *name, TenantError *error) {
        _cleanup_close_ int store = path_open(PATH_STORAGE);

        return store < 0 ? error_set_errno(error, store, E_FAILED, "Cannot open %s", path_get(PATH_STORAGE))
                         : b->plugin->ops.storage.detach(&b->context, store, error);
}

static int undo_network(const Backend *b, const char *name, TenantError *error) {
        return b->plugin->ops.network.release(&b->context, error);
}

/* NULL: the backend has none. */
static Undo undo_of(const Backend *b, enum tenant_kind kind) {
        switch (kind) {
        case TENANT_KIND_CGROUP:
                return b->plugin->ops.cgroup.release ? undo_cgroup : NULL;
        case TENANT_KIND_STORAGE:
                return b->plugin->ops.storage.detach ? undo_storage : NULL;
        case TENANT_KIND_NETWORK:
                return b->plugin->ops.network.release ? undo_network : NULL;
        default:
                return NULL; /* namespaces end with their processes */
        }
}

bool release_owed(const Backend *b, enum tenant_kind kind) {
        return undo_of(b, kind);
}

static int undo(const char *name, enum tenant_kind kind, const Backend *b, TenantError *error) {
        const Undo f = undo_of(b, kind);

        /* NULL: a plugin of another version began the run. */
        return f ? plugin_result(b->plugin, "release", f(b, name, error), error) : 0;
}

/* One kind by itself: a backend that cannot be loaded any more must not keep the others from their undo. */
static int undo_kind(const char *name, const Allocation *a, const Journal *j, enum tenant_kind kind,
                     TenantError *error) {
        _cleanup_(backends_free_p) Backends *backends = NULL;
        int r = backends_load_for_release(name, a, &host_default, KIND_BIT(kind), &backends, error);

        for (size_t i = 0; r >= 0 && i < j->n_facts; i++) {
                if (j->facts[i].kind == kind) {
                        r = backend_add_fact(&backends->kind[kind], j->facts[i].key, j->facts[i].value);
                }
        }
        return r < 0 ? r : undo(name, kind, &backends->kind[kind], error);
}

static int undo_all(const char *name, const Journal *j, TenantError *error) {
        _cleanup_(allocation_free_p) Allocation *a = NULL;
        int r = j->n_steps > 0 ? allocation_load(name, &a, error) : 0, first = 0;

        if (r < 0) {
                return r;
        }
        for (size_t i = j->n_steps; i > 0; i--) {
                TenantError one = { 0 };

                r = undo_kind(name, a, j, j->steps[i - 1], &one);
                if (r < 0 && first == 0) { /* the others are undone all the same */
                        first = r;
                        *error = one;
                }
        }
        return first;
}

int release_undo(const char *name, int runtime_fd, TenantError *error) {
        _cleanup_(journal_free_p) Journal *j = NULL;
        int r = journal_read(runtime_fd, &j);

        if (r == -ENOENT) {
                return 0;
        }
        if (r >= 0) {
                r = undo_all(name, j, error);
                if (r < 0) {
                        return r; /* the journal stays: the next start or release tries again */
                }
                r = journal_end(runtime_fd);
        }
        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot read or end the run journal in %s/%s",
                                       path_get(PATH_RUNTIME), name)
                     : 0;
}

int release_run(const char *name, TenantError *error) {
        static const char *const files[] = { "init", "notify" };
        _cleanup_close_ int runtime = -1, lock = -1;
        char path[300];
        int r;

        snprintf(path, sizeof(path), "%s/%s", path_get(PATH_RUNTIME), name);
        runtime = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (runtime < 0) {
                return errno == ENOENT ? 0 : error_set_errno(error, errno, E_FAILED, "Cannot open %s", path);
        }
        lock = tenant_lock(name, error);
        if (lock < 0) {
                return lock;
        }
        /* A start or a removal has to wait; but a tenant whose run is being undone does not run. */
        (void) flock(lock, LOCK_SH | LOCK_NB); /* it is ours: cannot fail */
        r = release_undo(name, runtime, error);
        if (r < 0) {
                return r;
        }
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                if (unlinkat(runtime, files[i], 0) < 0 && errno != ENOENT) {
                        return error_set_errno(error, errno, E_FAILED, "Cannot remove %s/%s", path,
                                               files[i]);
                }
        }
        /* Nobody asks why what does not exist did not start; a tenant that gets the name would have failed already. */
        return definition_exists(name) || allocation_exists(name) ? 0 : tenant_forget_runtime(name, error);
}

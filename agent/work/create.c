/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * create.c: new tenants. Order: validate, image, allocation (chosen and saved under its lock), volume,
 * certificates, definition. Whatever exists on disk is thus known by an allocation, by which it can be
 * removed; a tenant exists when its definition does. Refuses to touch anything before everything was
 * validated. Owned by the agent's workers.
 */
#include "docker.h"
#include "fd.h"
#include "image-store.h"
#include "image.h"
#include "name.h"
#include "pki.h"
#include "strv.h"
#include "tenant-work.h"
#include "work.h"
#include <errno.h>

/* Of a store in which a tenant can be made and started once; what it writes later is its own affair and its quota's. */
#define SPACE_MIN (UINT64_C(16) << 20)

static void remembering_log(void *userdata, int level, const char *message) {
        const RememberingHost *h = userdata;

        h->outer->log(h->outer->userdata, level, message);
}

static bool remembering_cancelled(void *userdata) {
        const RememberingHost *h = userdata;

        return host_cancelled(h->outer);
}

static void remembering_progress(void *userdata, double fraction, const char *stage) {
        const RememberingHost *h = userdata;

        host_progress(h->outer, fraction, stage);
}

static int remembering_remember(void *userdata, const char *key, const char *value) {
        RememberingHost *h = userdata;

        return h->allocation ? allocation_add_fact(h->allocation, h->kind, key, value) : -EINVAL;
}

void remembering_host_init(RememberingHost *h, const struct tenant_host *outer, Allocation *a,
                           enum tenant_kind kind) {
        *h = (RememberingHost) {
                .host = {
                        .struct_size = sizeof(h->host),
                        .userdata = h,
                        .log = outer->log ? remembering_log : host_default.log,
                        .cancelled = remembering_cancelled,
                        .remember = remembering_remember,
                        .progress = remembering_progress,
                },
                .outer = outer,
                .allocation = a,
                .kind = kind,
        };
}

int keyfile_copy(const Keyfile *from, Keyfile **ret, TenantError *error) {
        _cleanup_(keyfile_free_p) Keyfile *k = NULL;
        int r = keyfile_new(&k);

        for (size_t i = 0; r >= 0 && i < from->n_entries; i++) {
                r = keyfile_set(k, from->entries[i].section, from->entries[i].key, from->entries[i].value,
                                error);
        }
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(k);
        return 0;
}

int tenant_make_certificates(const Definition *d, const Allocation *a, const struct tenant_host *host,
                             TenantError *error) {
        _cleanup_(strv_free_p) char **dns = NULL, **addresses = NULL;
        int r;

        if (!d->docker_enabled) {
                return 0;
        }
        r = docker_names(d, a, &dns, &addresses, error);
        if (r < 0) {
                return r;
        }
        r = pki_create(d->name, &(PkiNames){ .dns = dns, .addresses = addresses }, error);
        return r == -EEXIST ? docker_renew_certificate(d, a, host, error) : r;
}

int tenant_allocate_network(Backends *backends, Allocation *a, TenantError *error) {
        const Backend *b = &backends->kind[TENANT_KIND_NETWORK];
        struct tenant_fact *used = NULL;
        TenantError own = { 0 };
        size_t n = 0, before = a->n_facts;
        int r;

        if (!b->plugin->ops.network.allocate) {
                return 0;
        }
        r = allocation_facts_of_others(TENANT_KIND_NETWORK, b->context.name, &used, &n, error);
        if (r < 0) {
                return r;
        }
        r = plugin_result(b->plugin, "allocate", b->plugin->ops.network.allocate(&b->context, used, n, &own),
                          &own);
        allocation_facts_free(used, n);
        if (r < 0 && error) {
                *error = own;
        }
        for (size_t i = before; i < a->n_facts && r >= 0; i++) {
                r = backend_add_fact(&backends->kind[TENANT_KIND_NETWORK], a->facts[i].key,
                                     a->facts[i].value);
        }
        return r;
}

typedef struct Creation {
        const Definition *definition; /* with drop-ins that are there already */
        const Keyfile *settings; /* what is saved */
        const struct tenant_host *host;
        Allocation *allocation;
        Backends *backends;
        RememberingHost remembering;
        int store_fd;
        bool saved; /* from now on there is something to undo */
} Creation;

static void creation_done(Creation *c) {
        c->backends = backends_free(c->backends);
        c->allocation = allocation_free(c->allocation);
        c->store_fd = fd_close(c->store_fd);
}

static int check_fit(const Creation *c, TenantError *error) {
        DefinitionPorts ports;

        definition_ports(c->definition, c->allocation->docker_port, &ports);
        return backends_fit(c->backends, KINDS_ALL, c->store_fd, &ports, error);
}

/* Everything that must not be decided twice at once. */
static int allocate(Creation *c, char *names[TENANT_KIND_COUNT], TenantError *error) {
        _cleanup_close_ int lock = allocation_lock(c->host, error);
        int r;

        if (lock < 0) {
                return lock;
        }
        r = allocation_choose(c->definition, &c->allocation, error);
        if (r < 0) {
                return r;
        }
        for (size_t k = 0; k < TENANT_KIND_COUNT; k++) {
                c->allocation->backends[k] = TAKE_PTR(names[k]);
        }
        remembering_host_init(&c->remembering, c->host, c->allocation, TENANT_KIND_NETWORK);
        r = backends_load(c->definition, c->allocation, &c->remembering.host, KINDS_ALL, &c->backends,
                          error);
        r = r < 0 ? r : check_fit(c, error);
        r = r < 0 ? r : tenant_allocate_network(c->backends, c->allocation, error);
        c->remembering.kind = TENANT_KIND_STORAGE; /* the next to be asked */
        if (r < 0) {
                return r;
        }
        c->saved = true;
        return allocation_save(c->definition->name, c->allocation, error);
}

static int choose_and_allocate(Creation *c, TenantError *error) {
        char *names[TENANT_KIND_COUNT] = { 0 };
        int r = backends_choose(c->definition, c->host, c->store_fd, names, error);

        r = r < 0 ? r : allocate(c, names, error);
        for (size_t k = 0; k < TENANT_KIND_COUNT; k++) {
                free(names[k]);
        }
        return r;
}

/*
 * The name is ours by its lock and no definition has it: a volume that is there already is what a killed
 * worker left.
 */
static int provision(Creation *c, TenantError *error) {
        const Backend *b = &c->backends->kind[TENANT_KIND_STORAGE];
        const struct tenant_storage_ops *ops = &b->plugin->ops.storage;
        const size_t facts = c->allocation->n_facts;
        TenantError own = { 0 };
        int r = ops->provision(&b->context, c->store_fd, &own);

        if (r == -EEXIST) {
                r = ops->destroy(&b->context, c->store_fd, &own);
                r = r < 0 ? r : ops->provision(&b->context, c->store_fd, &own);
        }
        r = plugin_result(b->plugin, "provision", r, &own);
        if (r < 0 && error) {
                *error = own;
        }
        /* Also after a failure: destroy gets to know what was remembered. */
        if (c->allocation->n_facts != facts) {
                int q = allocation_save(c->definition->name, c->allocation, r < 0 ? NULL : error);

                r = r < 0 ? r : q;
        }
        return r;
}

/* Under the lock: two who want the same port are told apart here. From the definition on, the tenant exists. */
static int commit(Creation *c, TenantError *error) {
        const char *name = c->definition->name;
        _cleanup_close_ int lock = allocation_lock(c->host, error);
        int r = lock < 0 ? lock : allocation_check_ports(c->definition, c->allocation->docker_port, error);

        r = r < 0 ? r : definition_save(name, c->settings, true, error);
        if (r >= 0) {
                tenant_settle(name, c->host);
        }
        return r;
}

static int make(Creation *c, TenantError *error) {
        const Definition *d = c->definition;
        int r = choose_and_allocate(c, error);

        if (r < 0) {
                return r;
        }
        if (host_cancelled(c->host)) {
                return error_set(error, ECANCELED, E_CANCELED,
                                 "The job was canceled; nothing is left of tenant '%s'", d->name);
        }
        r = provision(c, error);
        r = r < 0 ? r : tenant_make_certificates(d, c->allocation, c->host, error);
        return r < 0 ? r : commit(c, error);
}

/* What an earlier worker may have left. */
static int make_room(const char *name, const struct tenant_host *host, TenantError *error) {
        if (!allocation_exists(name)) {
                return 0;
        }
        return allocation_stage(name) == ALLOCATION_COMPLETE
                       ? error_set(error, EEXIST, E_TENANT_EXISTS,
                                   "There is a tenant '%s' whose definition %s/%s.conf is missing; put that "
                                   "back, or remove what is left of it: tenantctl remove %s",
                                   name, path_get(PATH_DEFINITIONS), name, name)
                       : tenant_wipe(name, host, error);
}

static int read_definition(const char *name, const Keyfile *settings, Definition **ret, TenantError *error) {
        _cleanup_(keyfile_free_p) Keyfile *merged = NULL;
        int r = keyfile_copy(settings, &merged, error);

        r = r < 0 ? r : definition_add_dropins(name, merged, error);
        r = r < 0 ? r : definition_from_keyfile(name, merged, ret, error);
        if (r >= 0) {
                (void) TAKE_PTR(merged); /* the definition has it */
        }
        return r;
}

/* Locked against removal and exchange; the descriptor keeps the lock. */
static int use_image(const char *image, TenantError *error) {
        _cleanup_close_ int lock = image_lock(image, false, error);
        _cleanup_close_ int root = lock < 0 ? lock : image_open_root(image, error);

        return root < 0 ? root : TAKE_FD(lock);
}

static int create_locked(const char *name, const Keyfile *settings, const struct tenant_host *host,
                         TenantError *error) {
        _cleanup_(definition_free_p) Definition *d = NULL;
        _cleanup_(creation_done) Creation creation = { .settings = settings, .host = host, .store_fd = -1 };
        _cleanup_close_ int image = -1;
        TenantError undo = { 0 };
        int r;

        if (definition_exists(name)) {
                return error_set(error, EEXIST, E_TENANT_EXISTS,
                                 "There is a tenant '%s' already; choose another name", name);
        }
        r = make_room(name, host, error);
        r = r < 0 ? r : read_definition(name, settings, &d, error);
        r = r < 0 ? r : space_check(PATH_TENANTS, SPACE_MIN, error);
        r = r < 0 ? r : space_check(PATH_STORAGE, SPACE_MIN, error);
        if (r < 0) {
                return r;
        }
        image = use_image(d->image, error);
        if (image < 0) {
                return image;
        }
        creation.definition = d;
        creation.store_fd = path_open(PATH_STORAGE);
        if (creation.store_fd < 0) {
                return error_set_errno(error, creation.store_fd, E_FAILED, "Cannot open %s",
                                       path_get(PATH_STORAGE));
        }
        r = make(&creation, error);
        if (r < 0 && creation.saved && tenant_wipe(name, host, &undo) < 0) {
                host_log(host, 4, "%s; what is left of tenant %s is removed at the next start of tenantd",
                         undo.message, name);
        }
        return r == -ENOMEM ? error_set_errno(error, r, E_FAILED, "Cannot create tenant '%s'", name) : r;
}

int work_create_tenant(const char *name, Keyfile *settings, const struct tenant_host *host,
                       TenantError *error) {
        _cleanup_close_ int lock = -1;
        int r = tenant_name_check("tenant", name, error);

        if (r < 0) {
                return r;
        }
        lock = tenant_work_lock(name, error);
        return lock < 0 ? lock : create_locked(name, settings, host, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * set.c: changed settings of a tenant. Everything is validated on the whole new definition before anything
 * is touched; then live keys are applied, then the file is written; when one of these fails, the earlier
 * ones are taken back. Refuses to change what was decided for the tenant's life (image, ids, backends,
 * address) and keys that a drop-in file decides. Owned by the agent's workers.
 */
#include "fd.h"
#include "keyfile.h"
#include "name.h"
#include "paths.h"
#include "running.h"
#include "strv.h"
#include "tenant-work.h"
#include "work.h"
#include <errno.h>
#include <string.h>

typedef struct Change {
        const char *name;
        const struct tenant_host *host;
        Definition *before;
        Definition *after;
        Keyfile *file; /* of NAME.conf alone, with the changes */
        Allocation *allocation;
        uint16_t port_before;
        bool port_changed;
        Backends *old; /* of the present definition */
        Backends *new;
        int store_fd;
        int payload_fd; /* -1: the tenant does not run */
        unsigned applied; /* KIND_BIT: what must be taken back on an error */
        char **live;
        char **later;
} Change;

static void change_done(Change *c) {
        c->before = definition_free(c->before);
        c->after = definition_free(c->after);
        c->file = keyfile_free(c->file);
        c->old = backends_free(c->old);
        c->new = backends_free(c->new);
        c->allocation = allocation_free(c->allocation);
        c->store_fd = fd_close(c->store_fd);
        c->payload_fd = fd_close(c->payload_fd);
        c->live = strv_free(c->live);
        c->later = strv_free(c->later);
}

static const char *text_or_empty(const char *text) {
        return text ? text : "";
}

static bool differs(const Change *c, const char *section, const char *key) {
        return strcmp(text_or_empty(keyfile_value(c->before->keyfile, section, key)),
                      text_or_empty(keyfile_value(c->after->keyfile, section, key))) != 0;
}

/* The kind that a section is of; TENANT_KIND_COUNT: none. */
static enum tenant_kind kind_of_section(const char *section) {
        enum tenant_kind k = 0;

        while (k < TENANT_KIND_COUNT && strcmp(definition_kind_section[k], section) != 0) {
                k++;
        }
        return k;
}

/* A drop-in has the last word: what Set wrote would have no effect. */
static int check_dropin(const Change *c, const KeyfileEntry *change, const char *path, TenantError *error) {
        const KeyfileEntry *e = keyfile_get(c->before->keyfile, change->section, change->key);

        if (!e || !e->file || strcmp(e->file, path) == 0) {
                return 0;
        }
        return error_set(error, EINVAL, E_INVALID_SETTING, "[%s] %s= is decided by %s; change it there",
                         change->section, change->key, e->file);
}

static int apply_changes(Keyfile *to, const Keyfile *changes, TenantError *error) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < changes->n_entries; i++) {
                const KeyfileEntry *e = &changes->entries[i];

                r = keyfile_set(to, e->section, e->key, e->value && *e->value ? e->value : NULL, error);
        }
        return r;
}

static int load(Change *c, const Keyfile *changes, TenantError *error) {
        _cleanup_(keyfile_free_p) Keyfile *merged = NULL;
        char path[300];
        int r = definition_load(c->name, &c->before, error);

        snprintf(path, sizeof(path), "%s/%s.conf", path_get(PATH_DEFINITIONS), c->name);
        for (size_t i = 0; r >= 0 && i < changes->n_entries; i++) {
                r = check_dropin(c, &changes->entries[i], path, error);
        }
        r = r < 0 ? r : keyfile_new(&c->file);
        r = r < 0 ? r : keyfile_load(c->file, path, error);
        r = r < 0 ? r : apply_changes(c->file, changes, error);
        r = r < 0 ? r : keyfile_copy(c->before->keyfile, &merged, error);
        r = r < 0 ? r : apply_changes(merged, changes, error);
        r = r < 0 ? r : definition_from_keyfile(c->name, merged, &c->after, error);
        if (r < 0) {
                return r;
        }
        (void) TAKE_PTR(merged); /* the definition has it */
        return allocation_load(c->name, &c->allocation, error);
}

static int fixed(const char *what, TenantError *error) {
        return error_set(error, ENOTSUP, E_NOT_SUPPORTED,
                         "%s of a tenant is decided when it is created; create another one", what);
}

/* What the allocation, or the files in the volume, rest on. */
static int check_fixed(const Change *c, TenantError *error) {
        if (strcmp(c->before->image, c->after->image) != 0) {
                return fixed("The image", error);
        }
        if (c->after->id_count != c->allocation->ids.count) {
                return fixed("The number of ids", error);
        }
        if (c->after->root != c->before->root) {
                return fixed("The kind of root file system", error);
        }
        for (size_t k = 0; k < TENANT_KIND_COUNT; k++) {
                const char *name = c->after->backends[k];

                if (strcmp(name, "auto") != 0 && strcmp(name, c->allocation->backends[k]) != 0) {
                        return fixed("The backend", error);
                }
        }
        return 0;
}

static bool facts_equal(const Allocation *a, const Allocation *b) {
        if (a->n_facts != b->n_facts) {
                return false;
        }
        for (size_t i = 0; i < a->n_facts; i++) {
                if (a->facts[i].kind != b->facts[i].kind || strcmp(a->facts[i].key, b->facts[i].key) != 0 ||
                    strcmp(a->facts[i].value, b->facts[i].value) != 0) {
                        return false;
                }
        }
        return true;
}

/* The network backend decides again from the new settings: another result than at creation is refused. */
static int check_network(Change *c, TenantError *error) {
        _cleanup_(allocation_free_p) Allocation *again = NULL;
        _cleanup_(backends_free_p) Backends *b = NULL;
        RememberingHost remembering;
        int r = allocation_load(c->name, &again, error);

        if (r < 0) {
                return r;
        }
        remembering_host_init(&remembering, c->host, again, TENANT_KIND_NETWORK);
        r = backends_load(c->after, again, &remembering.host, KIND_BIT(TENANT_KIND_NETWORK), &b, error);
        r = r < 0 ? r : tenant_allocate_network(b, again, error);
        return r < 0 ? r : facts_equal(again, c->allocation) ? 0 : fixed("The address", error);
}

/* The Docker port is the allocation's: a new one is looked for as for a new tenant. */
static int choose_port(Change *c, TenantError *error) {
        const Definition *d = c->after;

        c->port_before = c->allocation->docker_port;
        if (!d->docker_enabled ||
            (c->port_before != 0 && (d->docker_port == 0 || d->docker_port == c->port_before))) {
                return 0;
        }
        c->port_changed = true;
        return allocation_choose_port(d, &c->allocation->docker_port, error);
}

static const struct tenant_setting *setting_find(const Change *c, enum tenant_kind kind, const char *key) {
        const struct tenant_plugin *d = &c->new->kind[kind].plugin->descriptor;

        for (size_t i = 0; i < d->n_settings; i++) {
                if (strcmp(d->settings[i].key, key) == 0) {
                        return &d->settings[i];
                }
        }
        return NULL;
}

/* Whether the network gets something that is no live setting: what it decided at creation may rest on it. */
static bool network_differs(const Change *c, const Keyfile *changes) {
        for (size_t i = 0; i < changes->n_entries; i++) {
                const KeyfileEntry *e = &changes->entries[i];
                const struct tenant_setting *s = strcmp(e->section, "Network") == 0
                                                         ? setting_find(c, TENANT_KIND_NETWORK, e->key)
                                                         : NULL;

                if (s && !(s->flags & TENANT_SETTING_LIVE) && differs(c, e->section, e->key)) {
                        return true;
                }
        }
        return false;
}

/* The allocated port was free of the tenant's own ports when it was chosen; these may have changed since. */
static int check_own_port(const Change *c, TenantError *error) {
        const Definition *d = c->after;

        for (size_t i = 0; d->docker_enabled && i < d->n_ports; i++) {
                if (d->ports[i].protocol == IPPROTO_TCP &&
                    d->ports[i].host_port == c->allocation->docker_port) {
                        return error_set(error, EADDRINUSE, E_ADDRESS_IN_USE,
                                         "[Network] Publish=: host port %u leads to the tenant's own "
                                         "Docker; choose another",
                                         d->ports[i].host_port);
                }
        }
        return 0;
}

/* Whether Docker's port may be another, and its certificates have to be made, or made anew: no other change waits for that to succeed. */
static bool docker_differs(const Change *c, const Keyfile *changes) {
        for (size_t i = 0; i < changes->n_entries; i++) {
                const KeyfileEntry *e = &changes->entries[i];

                if (strcmp(e->section, "Docker") == 0 && differs(c, e->section, e->key)) {
                        return true;
                }
        }
        return c->after->docker_enabled && !c->before->docker_enabled; /* by Profile= */
}

/* What is asked for now must be possible now; what is taken away, or was there before, is no question. */
static int check_fit(const Change *c, const Keyfile *changes, TenantError *error) {
        unsigned kinds = docker_differs(c, changes) ? KIND_BIT(TENANT_KIND_NETWORK) : 0;
        DefinitionPorts ports;

        for (size_t i = 0; i < changes->n_entries; i++) {
                const KeyfileEntry *e = &changes->entries[i];
                enum tenant_kind kind = kind_of_section(e->section);

                if (kind < TENANT_KIND_COUNT && e->value && *e->value && differs(c, e->section, e->key)) {
                        kinds |= KIND_BIT(kind);
                }
        }
        definition_ports(c->after, c->after->docker_enabled ? c->allocation->docker_port : 0, &ports);
        return backends_fit(c->new, kinds, c->store_fd, &ports, error);
}

/* Under the allocation lock: what is given to one tenant only, and by it what the network is asked for. */
static int check_others(Change *c, const Keyfile *changes, TenantError *error) {
        int r = network_differs(c, changes) ? check_network(c, error) : 0;

        r = r < 0 ? r : choose_port(c, error);
        r = r < 0 ? r : check_own_port(c, error);
        r = r < 0 ? r : check_fit(c, changes, error);
        return r < 0 || !c->port_changed ? r : allocation_save(c->name, c->allocation, error);
}

static int load_backends(Change *c, TenantError *error) {
        int r = backends_load(c->before, c->allocation, c->host, KINDS_ALL, &c->old, error);

        r = r < 0 ? r : backends_load(c->after, c->allocation, c->host, KINDS_ALL, &c->new, error);
        if (r < 0) {
                return r;
        }
        c->store_fd = path_open(PATH_STORAGE);
        if (c->store_fd < 0) {
                return error_set_errno(error, c->store_fd, E_FAILED, "Cannot open %s",
                                       path_get(PATH_STORAGE));
        }
        c->payload_fd = tenant_is_locked(c->name) ? tenant_payload_open(c->name, NULL) : -1;
        return 0;
}

static bool backend_can(const Change *c, enum tenant_kind kind) {
        const Plugin *p = c->new->kind[kind].plugin;

        switch (kind) {
        case TENANT_KIND_CGROUP:
                return p->ops.cgroup.update != NULL;
        case TENANT_KIND_STORAGE:
                return p->ops.storage.resize != NULL;
        case TENANT_KIND_NETWORK:
                return p->ops.network.publish != NULL;
        default:
                return false;
        }
}

/*
 * Whether a key takes effect now. A volume has its limits while the tenant is stopped too; of the rest there
 * is nothing then.
 */
static bool is_live(const Change *c, const char *section, const char *key) {
        enum tenant_kind kind = kind_of_section(section);
        const struct tenant_setting *s = kind < TENANT_KIND_COUNT ? setting_find(c, kind, key) : NULL;

        if (strcmp(section, "Docker") == 0 && strcmp(key, "Port") == 0) {
                return c->payload_fd >= 0 && c->before->docker_enabled &&
                       backend_can(c, TENANT_KIND_NETWORK);
        }
        if (!s || !(s->flags & TENANT_SETTING_LIVE) || !backend_can(c, kind)) {
                return false;
        }
        return kind == TENANT_KIND_STORAGE || c->payload_fd >= 0;
}

/* Kinds that have to act, and the words for the caller. */
static int sort_changes(Change *c, const Keyfile *changes, unsigned *ret_kinds) {
        int r = 0;

        *ret_kinds = 0;
        for (size_t i = 0; r >= 0 && i < changes->n_entries; i++) {
                const KeyfileEntry *e = &changes->entries[i];
                _cleanup_free_ char *word = NULL;
                bool live = is_live(c, e->section, e->key);

                if (!differs(c, e->section, e->key)) {
                        continue;
                }
                if (asprintf(&word, "%s.%s", e->section, e->key) < 0) {
                        return -ENOMEM;
                }
                if (live) {
                        enum tenant_kind kind = kind_of_section(e->section);

                        *ret_kinds |= KIND_BIT(kind < TENANT_KIND_COUNT ? kind : TENANT_KIND_NETWORK);
                }
                r = strv_push(live ? &c->live : &c->later, word);
        }
        return r;
}

static int publish(const Change *c, const Definition *d, const Backend *b, uint16_t docker_port,
                   TenantError *error) {
        DefinitionPorts ports;

        /* Docker that was switched on or off since the start waits for the next one. */
        definition_ports(d, c->before->docker_enabled ? docker_port : 0, &ports);
        return b->plugin->ops.network.publish(&b->context, ports.list, ports.n, error);
}

/* One kind's live settings: of the new definition, or of the old one again. */
static int bring(const Change *c, enum tenant_kind kind, bool back, TenantError *error) {
        const Backend *b = back ? &c->old->kind[kind] : &c->new->kind[kind];
        TenantError own = { 0 };
        int r = 0;

        switch (kind) {
        case TENANT_KIND_CGROUP:
                r = b->plugin->ops.cgroup.update(&b->context, c->payload_fd, &own);
                break;
        case TENANT_KIND_STORAGE:
                r = b->plugin->ops.storage.resize(&b->context, c->store_fd, &own);
                break;
        case TENANT_KIND_NETWORK:
                r = publish(c, back ? c->before : c->after, b,
                            back ? c->port_before : c->allocation->docker_port, &own);
                break;
        default:
                break;
        }
        r = plugin_result(b->plugin, back ? "taking back" : "changing", r, &own);
        if (r < 0 && error) {
                *error = own;
        }
        return r;
}

/* The storage first: it is the one that may find the tenant already over its new limit. */
static int apply(Change *c, unsigned kinds, TenantError *error) {
        static const enum tenant_kind order[] = { TENANT_KIND_STORAGE, TENANT_KIND_NETWORK,
                                                  TENANT_KIND_CGROUP };

        for (size_t i = 0; i < ELEMENTSOF(order); i++) {
                int r = kinds & KIND_BIT(order[i]) ? bring(c, order[i], false, error) : 0;

                if (r < 0) {
                        return r;
                }
                c->applied |= kinds & KIND_BIT(order[i]);
        }
        return 0;
}

static void take_back(Change *c) {
        for (enum tenant_kind k = 0; k < TENANT_KIND_COUNT; k++) {
                TenantError e = { 0 };

                if (c->applied & KIND_BIT(k) && bring(c, k, true, &e) < 0) {
                        host_log(c->host, 4, "Tenant %s: %s; its next start brings the settings back",
                                 c->name, e.message);
                }
        }
        if (c->port_changed) {
                TenantError e = { 0 };
                _cleanup_close_ int lock = allocation_lock(NULL, &e);

                c->allocation->docker_port = c->port_before;
                if (lock < 0 || allocation_save(c->name, c->allocation, &e) < 0) {
                        host_log(c->host, 4, "Tenant %s: %s", c->name, e.message);
                }
        }
}

/* Ports are asked for under the lock, and are ours when it is let go. */
static int apply_and_save(Change *c, const Keyfile *changes, TenantError *error) {
        _cleanup_close_ int lock = -1;
        unsigned kinds;
        int r = sort_changes(c, changes, &kinds);

        if (r >= 0 && docker_differs(c, changes)) {
                r = tenant_make_certificates(c->after, c->allocation, c->host, error);
        }
        if (r >= 0 && (c->port_changed || differs(c, "Network", "Publish"))) {
                lock = allocation_lock(c->host, error);
                r = lock < 0 ? lock
                             : allocation_check_ports(
                                       c->after, c->port_changed ? c->allocation->docker_port : 0, error);
        }
        r = r < 0 ? r : apply(c, kinds, error);
        return r < 0 ? r : definition_save(c->name, c->file, false, error);
}

static int set_locked(Change *c, const Keyfile *changes, TenantError *error) {
        int r = load(c, changes, error);

        r = r < 0 ? r : check_fixed(c, error);
        r = r < 0 ? r : load_backends(c, error);
        if (r < 0) {
                return r;
        }
        {
                _cleanup_close_ int lock = allocation_lock(c->host, error);

                r = lock < 0 ? lock : check_others(c, changes, error);
        }
        r = r < 0 ? r : apply_and_save(c, changes, error);
        if (r < 0) {
                take_back(c);
        }
        return r;
}

int work_set_tenant(const char *name, Keyfile *changes, const struct tenant_host *host, char ***ret_live,
                    char ***ret_later, TenantError *error) {
        _cleanup_(change_done) Change c = { .name = name, .host = host, .store_fd = -1, .payload_fd = -1 };
        _cleanup_close_ int lock = -1;
        int r = tenant_name_check("tenant", name, error);

        if (r < 0) {
                return r;
        }
        lock = tenant_work_lock(name, error);
        if (lock < 0) {
                return lock;
        }
        r = set_locked(&c, changes, error);
        if (r < 0) {
                return r == -ENOMEM ? error_set_errno(error, r, E_FAILED, "Cannot change tenant '%s'", name)
                                    : r;
        }
        *ret_live = TAKE_PTR(c.live);
        *ret_later = TAKE_PTR(c.later);
        return 0;
}

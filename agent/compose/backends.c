/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * backends.c: see backends.h. Turns a definition and an allocation into what plugins are called with.
 * Refuses every key that no table knows and every value that its type does not allow, before a plugin sees
 * it. Owned by the compose library.
 */
#include "backends.h"
#include "descriptor.h"
#include "log.h"
#include "setting.h"

static void backend_clear(Backend *b) {
        for (size_t i = 0; b->values && i < b->context.n_values; i++) {
                setting_clear(&b->values[i]);
        }
        for (size_t i = 0; i < b->n_facts; i++) {
                free((char *) b->facts[i].key);
                free((char *) b->facts[i].value);
        }
        free(b->values);
        free(b->facts);
        memset(b, 0, sizeof(*b));
}

static void backend_clear_p(Backend *b) {
        backend_clear(b);
}

Backends *backends_free(Backends *b) {
        if (b) {
                for (size_t k = 0; k < TENANT_KIND_COUNT; k++) {
                        backend_clear(&b->kind[k]);
                }
                free(b);
        }
        return NULL;
}

int backend_add_fact(Backend *b, const char *key, const char *value) {
        struct tenant_fact *more = realloc(b->facts, (b->n_facts + 1) * sizeof(*more));
        _cleanup_free_ char *k = strdup(key), *v = strdup(value);

        if (more) {
                b->facts = more;
                b->context.facts = more;
        }
        if (!more || !k || !v) {
                return -ENOMEM;
        }
        b->facts[b->n_facts++] = (struct tenant_fact){ .key = TAKE_PTR(k), .value = TAKE_PTR(v) };
        b->context.n_facts = b->n_facts;
        return 0;
}

/* An error for a key that the backend's table does not have, with what it has. */
static int unknown_key(enum tenant_kind kind, const Plugin *plugin, const KeyfileEntry *entry,
                       TenantError *error) {
        const struct tenant_plugin *d = &plugin->descriptor;
        char list[480] = "Backend";
        size_t used;

        strcat(list, kind == TENANT_KIND_NAMESPACE ? ", Ids" : kind == TENANT_KIND_STORAGE ? ", Root" : "");
        used = strlen(list);
        for (size_t i = 0; i < d->n_settings && used + strlen(d->settings[i].key) + 3 < sizeof(list); i++) {
                used += (size_t) snprintf(list + used, sizeof(list) - used, ", %s", d->settings[i].key);
        }
        return keyfile_error(entry, error, "unknown key for backend %s-%s; allowed: %s",
                             plugin_kind_name[kind], d->name, list);
}

static int parse_entry(Backend *b, enum tenant_kind kind, const KeyfileEntry *entry, TenantError *error) {
        const struct tenant_plugin *d = &b->plugin->descriptor;
        char why[SETTING_WHY_SIZE];

        for (size_t i = 0; i < d->n_settings; i++) {
                if (strcmp(d->settings[i].key, entry->key) == 0) {
                        int r = setting_parse(&d->settings[i], entry->value, &b->values[i], why);

                        b->values[i].is_explicit = b->values[i].is_set;
                        return r == -EINVAL ? keyfile_error(entry, error, "%s", why) : r;
                }
        }
        return key_is_cores(kind, entry->key) ? 0 : unknown_key(kind, b->plugin, entry, error);
}

static int apply_defaults(Backend *b, TenantError *error) {
        const struct tenant_plugin *d = &b->plugin->descriptor;
        char why[SETTING_WHY_SIZE];

        for (size_t i = 0; i < d->n_settings; i++) {
                int r;

                if (b->values[i].is_set || !d->settings[i].default_value) {
                        continue;
                }
                r = setting_parse(&d->settings[i], d->settings[i].default_value, &b->values[i], why);
                if (r == -EINVAL) {
                        return error_set(error, -ELIBBAD, E_BAD_BACKEND,
                                         "its own default %s=%s is wrong: %s", d->settings[i].key,
                                         d->settings[i].default_value, why);
                }
                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

/* The backend's section of the definition, by its table. */
static int parse_section(Backend *b, enum tenant_kind kind, const Keyfile *keyfile, TenantError *error) {
        for (size_t i = 0; i < keyfile->n_entries; i++) {
                const KeyfileEntry *entry = &keyfile->entries[i];
                int r;

                if (strcmp(entry->section, definition_kind_section[kind]) != 0) {
                        continue;
                }
                r = parse_entry(b, kind, entry, error);
                if (r < 0) {
                        return r;
                }
        }
        return plugin_result(b->plugin, "parsing defaults", apply_defaults(b, error), error);
}

static void labelled_log(void *userdata, int level, const char *message) {
        const Backend *b = userdata;
        const char *before = log_context.backend;

        log_context.backend = b->label;
        b->outer->log(b->outer->userdata, level, message);
        log_context.backend = before;
}

static bool labelled_cancelled(void *userdata) {
        const Backend *b = userdata;

        return b->outer->cancelled(b->outer->userdata);
}

static int labelled_remember(void *userdata, const char *key, const char *value) {
        const Backend *b = userdata;

        return b->outer->remember(b->outer->userdata, key, value);
}

static void labelled_progress(void *userdata, double fraction, const char *stage) {
        const Backend *b = userdata;

        b->outer->progress(b->outer->userdata, fraction, stage);
}

static void backend_set_host(Backend *b, const struct tenant_host *outer) {
        const struct tenant_plugin *d = &b->plugin->descriptor;

        snprintf(b->label, sizeof(b->label), "%s-%s", plugin_kind_name[d->kind], d->name);
        b->outer = outer;
        b->host = (struct tenant_host){
                .struct_size = sizeof(b->host),
                .userdata = b,
                .log = labelled_log,
                .cancelled = labelled_cancelled,
                .remember = labelled_remember,
                .progress = labelled_progress,
        };
        b->context.host = &b->host;
}

static int backend_init(Backend *b, const Plugin *plugin, const char *name, const struct tenant_host *host) {
        size_t n = plugin->descriptor.n_settings;

        b->plugin = plugin;
        b->values = calloc(n ? n : 1, sizeof(*b->values));
        if (!b->values) {
                return -ENOMEM;
        }
        b->context = (struct tenant_context){
                .struct_size = sizeof(b->context),
                .name = name,
                .values = b->values,
                .n_values = n,
        };
        backend_set_host(b, host);
        return 0;
}

static int backend_set_allocation(Backend *b, enum tenant_kind kind, const Allocation *a) {
        b->context.index = a->index;
        b->context.id_base = a->ids.base;
        b->context.id_count = a->ids.count;
        b->context.project_id = a->project_id;
        for (size_t i = 0; i < a->n_facts; i++) {
                int r = 0;

                if (a->facts[i].kind == kind) {
                        r = backend_add_fact(b, a->facts[i].key, a->facts[i].value);
                }
                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

static int backend_validate(const Backend *b, TenantError *error) {
        TenantError own = { 0 };
        int r = 0;

        if (b->plugin->descriptor.validate) {
                r = b->plugin->descriptor.validate(&b->context, &own);
        }
        r = plugin_result(b->plugin, "validate", r, &own);
        if (r < 0 && error) {
                *error = own;
        }
        return r;
}

static int load_one(Backend *b, enum tenant_kind kind, const Definition *d, const Allocation *a,
                    const struct tenant_host *host, TenantError *error) {
        const Plugin *plugin;
        int r = plugin_load(kind, a->backends[kind], &plugin, error);

        if (r < 0) {
                return r;
        }
        r = backend_init(b, plugin, d->name, host);
        if (r < 0) {
                return r;
        }
        r = backend_set_allocation(b, kind, a);
        if (r < 0) {
                return r;
        }
        r = parse_section(b, kind, d->keyfile, error);
        return r < 0 ? r : backend_validate(b, error);
}

int backends_load_more(Backends *b, const Definition *d, const Allocation *a, const struct tenant_host *host,
                       unsigned kinds, TenantError *error) {
        for (enum tenant_kind k = 0; k < TENANT_KIND_COUNT; k++) {
                int r = kinds & KIND_BIT(k) ? load_one(&b->kind[k], k, d, a, host, error) : 0;

                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

int backends_load(const Definition *d, const Allocation *a, const struct tenant_host *host, unsigned kinds,
                  Backends **ret, TenantError *error) {
        _cleanup_(backends_free_p) Backends *b = calloc(1, sizeof(*b));
        int r = b ? backends_load_more(b, d, a, host, kinds, error) : -ENOMEM;

        if (r >= 0) {
                *ret = TAKE_PTR(b);
        }
        return r;
}

int backends_load_for_release(const char *name, const Allocation *a, const struct tenant_host *host,
                              unsigned kinds, Backends **ret, TenantError *error) {
        _cleanup_(backends_free_p) Backends *b = calloc(1, sizeof(*b));

        if (!b) {
                return -ENOMEM;
        }
        for (enum tenant_kind k = 0; k < TENANT_KIND_COUNT; k++) {
                const Plugin *plugin;
                int r;

                if (!(kinds & KIND_BIT(k))) {
                        continue;
                }
                r = plugin_load(k, a->backends[k], &plugin, error);
                if (r >= 0) {
                        r = backend_init(&b->kind[k], plugin, name, host);
                }
                if (r >= 0) {
                        r = backend_set_allocation(&b->kind[k], k, a);
                }
                if (r < 0) {
                        return r;
                }
        }
        *ret = TAKE_PTR(b);
        return 0;
}

static int fit(const Backend *b, enum tenant_kind kind, int store_fd, const DefinitionPorts *ports,
               TenantError *error) {
        const Plugin *p = b->plugin;

        if (kind == TENANT_KIND_STORAGE && p->ops.storage.fit) {
                return p->ops.storage.fit(b->context.host, store_fd, error);
        }
        if (kind == TENANT_KIND_NETWORK && p->ops.network.fit) {
                return p->ops.network.fit(&b->context, ports->list, ports->n, error);
        }
        return kind == TENANT_KIND_CGROUP && p->ops.cgroup.fit ? p->ops.cgroup.fit(&b->context, error) : 0;
}

int backends_fit(const Backends *b, unsigned kinds, int store_fd, const DefinitionPorts *ports,
                 TenantError *error) {
        for (enum tenant_kind k = 0; k < TENANT_KIND_COUNT; k++) {
                TenantError own = { 0 };
                int r = kinds & KIND_BIT(k) ? fit(&b->kind[k], k, store_fd, ports, &own) : 0;

                r = r < 0 ? plugin_result(b->kind[k].plugin, "fit", r, &own) : 0;
                if (r < 0) {
                        if (error) {
                                *error = own;
                        }
                        return r;
                }
        }
        return 0;
}

int backends_intact(TenantError *error) {
        _cleanup_(strv_free_p) char **names = NULL;
        int r = plugin_list(TENANT_KIND_NETWORK, &names, error);

        for (size_t i = 0; r >= 0 && names[i]; i++) {
                TenantError own = { 0 };
                const Plugin *p;

                if (plugin_load(TENANT_KIND_NETWORK, names[i], &p, &own) < 0 || !p->ops.network.intact) {
                        continue;
                }
                r = plugin_result(p, "looking", p->ops.network.intact(&host_default, &own), &own);
                if (r == -ENOENT && error) {
                        *error = own;
                }
                r = r == -ENOENT ? r : 0;
        }
        return r;
}

/* Whether an automatically chosen backend can do what this definition asks, on this host and this store. */
static int try_candidate(const Definition *d, enum tenant_kind kind, const Plugin *plugin,
                         const struct tenant_host *host, int store_fd, TenantError *error) {
        _cleanup_(backend_clear_p) Backend b = { 0 };
        int r = plugin_probe(plugin, host, error);

        if (r < 0) {
                return r;
        }
        if (kind == TENANT_KIND_STORAGE && plugin->ops.storage.fit && store_fd >= 0) {
                r = plugin_result(plugin, "fit", plugin->ops.storage.fit(host, store_fd, error), error);
                if (r < 0) {
                        return r;
                }
        }
        r = backend_init(&b, plugin, d->name, host);
        if (r < 0) {
                return r;
        }
        b.context.id_count = d->id_count;
        r = parse_section(&b, kind, d->keyfile, error);
        return r < 0 ? r : backend_validate(&b, error);
}

/* Higher priority first, then by name, so that the choice never depends on the directory's order. */
static int compare_candidates(const void *a, const void *b) {
        const struct tenant_plugin *x = &(*(const Plugin *const *) a)->descriptor;
        const struct tenant_plugin *y = &(*(const Plugin *const *) b)->descriptor;

        return x->priority != y->priority ? (x->priority < y->priority ? 1 : -1) : strcmp(x->name, y->name);
}

#define CANDIDATES_MAX 32u

/* What was tried and why it was not taken. */
struct refusals {
        char text[600];
        TenantError first; /* of the candidate with the highest priority */
        size_t n, n_settings;
};

static void refuse(struct refusals *refusals, const TenantError *error) {
        size_t used = strlen(refusals->text), room = sizeof(refusals->text) - used;

        if (refusals->n++ == 0) {
                refusals->first = *error;
        }
        refusals->n_settings += strcmp(error->name, E_INVALID_SETTING) == 0;
        if (room > 3) { /* what does not fit is cut */
                snprintf(refusals->text + used, room, "%s%.*s", used ? "; " : "", (int) room - 3,
                         error->message);
        }
}

static int list_candidates(enum tenant_kind kind, const Plugin *candidates[static CANDIDATES_MAX],
                           size_t *ret_n, struct refusals *refusals, TenantError *error) {
        _cleanup_(strv_free_p) char **names = NULL;
        int r = plugin_list(kind, &names, error);

        if (r < 0) {
                return r;
        }
        *ret_n = 0;
        for (size_t i = 0; names[i] && *ret_n < CANDIDATES_MAX; i++) {
                TenantError own = { 0 };
                const Plugin *plugin;

                r = plugin_load(kind, names[i], &plugin, &own);
                if (r < 0) {
                        refuse(refusals, &own);
                } else if (plugin->descriptor.priority >= 0) {
                        candidates[(*ret_n)++] = plugin;
                }
        }
        qsort(candidates, *ret_n, sizeof(candidates[0]), compare_candidates);
        return 0;
}

static int choose_automatically(const Definition *d, enum tenant_kind kind, const struct tenant_host *host,
                                int store_fd, char **ret, TenantError *error) {
        const Plugin *candidates[CANDIDATES_MAX];
        struct refusals refusals = { 0 };
        size_t n;
        int r = list_candidates(kind, candidates, &n, &refusals, error);

        if (r < 0) {
                return r;
        }
        for (size_t i = 0; i < n; i++) {
                TenantError own = { 0 };

                r = try_candidate(d, kind, candidates[i], host, store_fd, &own);
                if (r == -ENOMEM) {
                        return r;
                }
                if (r >= 0) {
                        *ret = strdup(candidates[i]->descriptor.name);
                        return *ret ? 0 : -ENOMEM;
                }
                refuse(&refusals, &own);
        }
        if (refusals.n > 0 && refusals.n_settings == refusals.n &&
            error) { /* the definition is at fault, not the host */
                *error = refusals.first;
                return refusals.first.code;
        }
        return error_set(error, -ENOTSUP, E_HOST_NOT_READY, "no %s backend fits this host: %s",
                         plugin_kind_name[kind], refusals.n ? refusals.text : "none is installed");
}

static int choose_one(const Definition *d, enum tenant_kind kind, const struct tenant_host *host,
                      int store_fd, char **ret, TenantError *error) {
        const Plugin *plugin;
        int r;

        if (strcmp(d->backends[kind], "auto") == 0) {
                return choose_automatically(d, kind, host, store_fd, ret, error);
        }
        r = plugin_load(kind, d->backends[kind], &plugin, error);
        if (r >= 0) {
                r = plugin_probe(plugin, host, error);
        }
        if (r < 0) {
                return r;
        }
        *ret = strdup(d->backends[kind]);
        return *ret ? 0 : -ENOMEM;
}

int backends_choose(const Definition *d, const struct tenant_host *host, int store_fd,
                    char *names[TENANT_KIND_COUNT], TenantError *error) {
        char *chosen[TENANT_KIND_COUNT] = { 0 };

        for (enum tenant_kind k = 0; k < TENANT_KIND_COUNT; k++) {
                int r = choose_one(d, k, host, store_fd, &chosen[k], error);

                if (r < 0) {
                        for (size_t i = 0; i < TENANT_KIND_COUNT; i++) {
                                free(chosen[i]);
                        }
                        return r;
                }
        }
        memcpy(names, chosen, sizeof(chosen));
        return 0;
}

static bool table_has(const Plugin *plugin, const char *key) {
        for (size_t i = 0; i < plugin->descriptor.n_settings; i++) {
                if (strcmp(plugin->descriptor.settings[i].key, key) == 0) {
                        return true;
                }
        }
        return false;
}

/* A plugin that cannot be loaded knows no keys: whoever needs it will hear why. */
static bool kind_has_key(enum tenant_kind kind, const char *key) {
        _cleanup_(strv_free_p) char **names = NULL;
        bool found = key_is_cores(kind, key);

        if (found || plugin_list(kind, &names, NULL) < 0) {
                return found;
        }
        for (size_t i = 0; names[i] && !found; i++) {
                const Plugin *plugin;

                found = plugin_load(kind, names[i], &plugin, NULL) >= 0 && table_has(plugin, key);
        }
        return found;
}

const char *backends_section_of_key(void *userdata, const char *key) {
        const char *section = NULL;

        for (enum tenant_kind k = 0; k < TENANT_KIND_COUNT; k++) {
                if (kind_has_key(k, key)) {
                        if (section) {
                                return NULL;
                        }
                        section = definition_kind_section[k];
                }
        }
        return section;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * descriptor.c: see descriptor.h. Refuses what could make a later call crash or a message lie: it is the one
 * place where a plugin's structs are read at the plugin's own sizes. Owned by loader.c.
 */
#include "descriptor.h"
#include "cleanup.h"
#include "name.h"
#include "parse.h"
#include <ctype.h>

/* An operation that a kind cannot do without. */
struct mandatory {
        enum tenant_kind kind;
        size_t offset;
        const char *name;
};

#define OPERATION(kind_, type_, member_)                                                                    \
        { .kind = kind_, .offset = offsetof(struct type_, member_), .name = #member_ }

static const struct mandatory mandatory[] = {
        OPERATION(TENANT_KIND_NAMESPACE, tenant_namespace_ops, describe),
        OPERATION(TENANT_KIND_CGROUP, tenant_cgroup_ops, prepare),
        OPERATION(TENANT_KIND_STORAGE, tenant_storage_ops, provision),
        OPERATION(TENANT_KIND_STORAGE, tenant_storage_ops, attach),
        OPERATION(TENANT_KIND_STORAGE, tenant_storage_ops, destroy),
        OPERATION(TENANT_KIND_NETWORK, tenant_network_ops, attach),
};

static const size_t ops_size[TENANT_KIND_COUNT] = {
        [TENANT_KIND_NAMESPACE] = sizeof(struct tenant_namespace_ops),
        [TENANT_KIND_CGROUP] = sizeof(struct tenant_cgroup_ops),
        [TENANT_KIND_STORAGE] = sizeof(struct tenant_storage_ops),
        [TENANT_KIND_NETWORK] = sizeof(struct tenant_network_ops),
};

bool key_is_cores(enum tenant_kind kind, const char *key) {
        return strcmp(key, "Backend") == 0 || (kind == TENANT_KIND_NAMESPACE && strcmp(key, "Ids") == 0) ||
               (kind == TENANT_KIND_STORAGE && strcmp(key, "Root") == 0);
}

/* Copies a sized struct into one of ours; ret is zeroed first. Returns the size that was given. */
static uint32_t sized_copy(void *ret, size_t size, const void *given) {
        uint32_t given_size;

        memcpy(&given_size, given, sizeof(given_size));
        memset(ret, 0, size);
        memcpy(ret, given, given_size < size ? given_size : size);
        return given_size;
}

static bool key_is_valid(const char *key) {
        if (!key || !isupper((unsigned char) *key) || strlen(key) > 63) {
                return false;
        }
        for (const char *p = key; *p; p++) {
                if (!isalnum((unsigned char) *p)) {
                        return false;
                }
        }
        return true;
}

/* NULL when fine, else what is wrong. */
static const char *setting_fault(enum tenant_kind kind, const struct tenant_setting *s) {
        if (!key_is_valid(s->key)) {
                return "its name is not of letters and digits with a capital first";
        }
        if (key_is_cores(kind, s->key)) {
                return "this key belongs to tenantd itself";
        }
        if ((int) s->type < TENANT_TYPE_STRING || s->type > TENANT_TYPE_CPUSET) {
                return "its type is not known to this version of tenantd";
        }
        if (s->minimum > s->maximum) {
                return "its minimum is above its maximum";
        }
        if ((s->unit && !text_is_safe(s->unit, 64)) || !s->help || !*s->help ||
            !text_is_safe(s->help, 400)) {
                return "unit and help must be texts";
        }
        return s->default_value && !text_is_safe(s->default_value, 4096) ? "its default is not a text"
                                                                         : NULL;
}

static int check_settings(const struct tenant_plugin *d, const char *what, TenantError *error) {
        if (d->n_settings > PLUGIN_SETTINGS_MAX || (d->n_settings > 0 && !d->settings)) {
                return error_set(error, -ELIBBAD, E_BAD_BACKEND, "%s: more than %u settings, or no table",
                                 what, PLUGIN_SETTINGS_MAX);
        }
        for (size_t i = 0; i < d->n_settings; i++) {
                const struct tenant_setting *s = &d->settings[i];
                const char *fault = setting_fault((enum tenant_kind) d->kind, s);

                for (size_t j = 0; j < i && !fault; j++) {
                        fault = strcmp(d->settings[j].key, s->key) == 0 ? "it is there twice" : NULL;
                }
                if (fault) {
                        return error_set(error, -ELIBBAD, E_BAD_BACKEND, "%s: setting %s (number %zu): %s",
                                         what, key_is_valid(s->key) ? s->key : "?", i, fault);
                }
        }
        return 0;
}

static int check_identity(const struct tenant_plugin *d, enum tenant_kind kind, const char *name,
                          const char *what, TenantError *error) {
        if (d->abi != TENANT_PLUGIN_ABI) {
                return error_set(error, -ELIBBAD, E_BAD_BACKEND,
                                 "%s: its descriptor says ABI %u, this tenantd has %u", what, d->abi,
                                 TENANT_PLUGIN_ABI);
        }
        if (d->kind != (uint32_t) kind) {
                return error_set(error, -ELIBBAD, E_BAD_BACKEND, "%s: its descriptor says another kind (%u)",
                                 what, d->kind);
        }
        if (!d->name || strcmp(d->name, name) != 0) {
                return error_set(error, -ELIBBAD, E_BAD_BACKEND,
                                 "%s: calls itself \"%.63s\"; the file must be %s-%.63s.so", what,
                                 d->name ? d->name : "", plugin_kind_name[kind], d->name ? d->name : "NAME");
        }
        if (!d->version || !d->summary || !text_is_safe(d->version, 64) || !text_is_safe(d->summary, 200)) {
                return error_set(error, -ELIBBAD, E_BAD_BACKEND, "%s: version and summary must be texts",
                                 what);
        }
        return 0;
}

static int adopt_ops(const void *given, enum tenant_kind kind, const char *what, Plugin *ret,
                     TenantError *error) {
        uint32_t given_size;

        if (!given) {
                return error_set(error, -ELIBBAD, E_BAD_BACKEND, "%s: has no operations", what);
        }
        given_size = sized_copy(&ret->ops, ops_size[kind], given);
        if (given_size < sizeof(uint32_t) ||
            given_size % sizeof(void *) != 0) { /* would cut a pointer in two */
                return error_set(error, -ELIBBAD, E_BAD_BACKEND,
                                 "%s: its operations have an impossible size (%u)", what, given_size);
        }
        for (size_t i = 0; i < ELEMENTSOF(mandatory); i++) {
                void (*operation)(void);

                if (mandatory[i].kind != kind) {
                        continue;
                }
                memcpy(&operation, (const char *) &ret->ops + mandatory[i].offset, sizeof(operation));
                if (!operation) {
                        return error_set(error, -ELIBBAD, E_BAD_BACKEND,
                                         "%s: lacks the operation %s, which a %s backend needs", what,
                                         mandatory[i].name, plugin_kind_name[kind]);
                }
        }
        return 0;
}

int descriptor_adopt(const struct tenant_plugin *given, enum tenant_kind kind, const char *name,
                     const char *what, Plugin *ret, TenantError *error) {
        int r;

        if (!given) {
                return error_set(error, -ELIBBAD, E_BAD_BACKEND, "%s: %s() returned nothing", what,
                                 TENANT_PLUGIN_SYMBOL);
        }
        memset(ret, 0, sizeof(*ret));
        if (sized_copy(&ret->descriptor, sizeof(ret->descriptor), given) <
            offsetof(struct tenant_plugin, ops) + sizeof(given->ops)) {
                return error_set(error, -ELIBBAD, E_BAD_BACKEND,
                                 "%s: its descriptor is shorter than any known version", what);
        }
        r = check_identity(&ret->descriptor, kind, name, what, error);
        if (r < 0) {
                return r;
        }
        r = check_settings(&ret->descriptor, what, error);
        if (r < 0) {
                return r;
        }
        return adopt_ops(given->ops, kind, what, ret, error);
}

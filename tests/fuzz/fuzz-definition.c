/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-definition.c: key files and definitions. What is taken is within its bounds and is written back the
 * same; what is refused is refused with a text. Owned by tests/fuzz.
 */
#include "definition.h"
#include "fuzz.h"
#include "name.h"

static void check_definition(const Definition *d) {
        property(strcmp(d->name, "acme") == 0);
        property(tenant_name_is_valid(d->image));
        property(strcmp(d->profile, "docker") == 0 || strcmp(d->profile, "plain") == 0);
        property(d->id_count >= DEFINITION_IDS_MIN && d->id_count <= DEFINITION_IDS_MAX);
        property(d->id_count % DEFINITION_IDS_MIN == 0);
        property(d->ready == READY_INIT || d->docker_enabled);
        property(d->n_ports <= DEFINITION_PORTS_MAX && d->n_dns <= DEFINITION_DNS_MAX);
        for (size_t i = 0; i < TENANT_KIND_COUNT; i++) {
                property(tenant_name_is_valid(d->backends[i]));
        }
        for (size_t i = 0; i < d->n_ports; i++) {
                property(d->ports[i].host_port != 0 && d->ports[i].tenant_port != 0);
                property(d->ports[i].host_port <= TENANT_HOST_PORT_LAST);
                property(d->ports[i].protocol == IPPROTO_TCP || d->ports[i].protocol == IPPROTO_UDP);
                property(!d->docker_enabled || d->ports[i].protocol != IPPROTO_TCP ||
                         d->ports[i].host_port != d->docker_port);
                for (size_t j = 0; j < i; j++) {
                        property(d->ports[i].protocol != d->ports[j].protocol ||
                                 d->ports[i].host_port != d->ports[j].host_port);
                }
        }
}

/* A section with a dot cannot be said in "Section.Key", and no definition has one. */
static bool has_dotted_section(const Keyfile *k) {
        for (size_t i = 0; i < k->n_entries; i++) {
                if (strchr(k->entries[i].section, '.')) {
                        return true;
                }
        }
        return false;
}

/* The settings given as the bus gives them make the same key file. */
static void check_settings(const Keyfile *k) {
        _cleanup_(keyfile_free_p) Keyfile *same = NULL;
        _cleanup_free_ DefinitionSetting *settings = calloc(k->n_entries + 1, sizeof(*settings));
        char(*keys)[2 * KEYFILE_WORD_MAX + 2] = calloc(k->n_entries + 1, sizeof(*keys));
        TenantError e = {};
        int r;

        for (size_t i = 0; settings && keys && i < k->n_entries; i++) {
                snprintf(keys[i], sizeof(keys[i]), "%s.%s", k->entries[i].section, k->entries[i].key);
                settings[i] = (DefinitionSetting){ .key = keys[i], .value = k->entries[i].value };
        }
        if (settings && keys) {
                r = definition_keyfile_from_settings(settings, k->n_entries, NULL, NULL, &same, &e);
                if (r < 0) {
                        fuzz_check_error(r, &e);
                } else {
                        fuzz_check_same(k, same);
                }
        }
        free(keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(keyfile_free_p) Keyfile *k = fuzz_parse(data, size);
        _cleanup_(definition_free_p) Definition *d = NULL;
        TenantError e = {};
        int r;

        if (!k) {
                return 0;
        }
        fuzz_check_round_trip(k);
        if (!has_dotted_section(k)) {
                check_settings(k);
        }
        r = definition_from_keyfile("acme", k, &d, &e);
        if (r < 0) {
                property(!d);
                fuzz_check_error(r, &e);
                return 0;
        }
        k = NULL; /* the definition's now */
        check_definition(d);
        return 0;
}

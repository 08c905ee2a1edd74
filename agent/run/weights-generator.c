/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * weights-generator.c: tells systemd the weights of tenants. They count among the units of tenant.slice, whose cgroups are systemd's: it
 * writes its own idea of them at every reload. The cgroup backend writes ours when a tenant starts or is changed; here they become
 * systemd's idea, too. A generator (systemd.generator(7)): runs at boot and at each daemon-reload, before units are read.
 *
 *   weights-generator NORMAL EARLY LATE     writes NORMAL/tenant@NAME.service.d/50-tenantd-weights.conf
 *
 * Owned by agent/run. Refuses to fail: a definition with a mistake is passed by, and said when somebody starts it.
 */
#include "definition.h"
#include "fd.h"
#include "io.h"
#include "name.h"
#include "parse.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define WEIGHT_MAX 10000u

static uint32_t weight_of(const Definition *d, const char *key) {
        uint32_t weight = 0;

        for (size_t i = 0; i < d->keyfile->n_entries; i++) {
                const KeyfileEntry *e = &d->keyfile->entries[i];

                if (strcmp(e->section, "Cgroup") == 0 && strcmp(e->key, key) == 0 &&
                    (parse_u32(e->value, &weight) < 0 || weight > WEIGHT_MAX)) {
                        return 0;
                }
        }
        return weight;
}

static size_t put_weight(const Definition *d, const char *key, char *to, size_t size) {
        const uint32_t weight = weight_of(d, key);

        return weight > 0 ? (size_t) snprintf(to, size, "%s=%u\n", key, weight) : 0;
}

static int write_drop_in(int units, const char *name, const char *text) {
        _cleanup_close_ int directory = -1;
        char unit[TENANT_NAME_MAX + sizeof("tenant@.service.d")];

        snprintf(unit, sizeof(unit), "tenant@%s.service.d", name);
        directory = mkdir_open_beneath(units, unit, 0755);
        return directory < 0
                       ? directory
                       : file_replace_atomic(directory, "50-tenantd-weights.conf", 0644, text, strlen(text));
}

static int generate(int units, const char *name, TenantError *error) {
        static const char header[] = "# From the definition of the tenant; made by tenantd.\n[Service]\n";
        _cleanup_(definition_free_p) Definition *d = NULL;
        char text[256];
        size_t used = sizeof(header) - 1;
        int r = definition_load(name, &d, error);

        if (r < 0) {
                return r;
        }
        memcpy(text, header, sizeof(header));
        used += put_weight(d, "CPUWeight", text + used, sizeof(text) - used);
        used += put_weight(d, "IOWeight", text + used, sizeof(text) - used);
        r = used > sizeof(header) - 1 ? write_drop_in(units, name, text) : 0;
        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot write the weights of tenant '%s'", name)
                     : 0;
}

int main(int argc, char **argv) {
        _cleanup_(strv_free_p) char **names = NULL;
        _cleanup_close_ int units = -1;
        TenantError error = { 0 };

        if (argc != 4) {
                fprintf(stderr, "usage: weights-generator NORMAL EARLY LATE\n");
                return 2;
        }
        units = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (units < 0 || definition_list(&names, &error) < 0) {
                fprintf(stderr, "tenantd: %s\n", units < 0 ? strerror(errno) : error.message);
                return EXIT_FAILURE;
        }
        for (char **name = names; *name; name++) {
                if (generate(units, *name, &error) < 0) {
                        fprintf(stderr, "tenantd: %s, ignoring\n", error.message);
                }
        }
        return EXIT_SUCCESS;
}

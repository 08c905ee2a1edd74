/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host-config.c: see host-config.h. Refuses keys that it does not know: a typing error must not be a silent default.
 */
#include "host-config.h"
#include "keyfile.h"
#include "paths.h"
#include <errno.h>
#include <string.h>

#define SERVER_NAME_MAX 253u

void config_done(Config *c) {
        free(c->server_name);
        *c = (Config){ 0 };
}

static int check_entry(const KeyfileEntry *e, TenantError *error) {
        if (strcmp(e->section, "Docker") != 0 || strcmp(e->key, "ServerName") != 0) {
                return keyfile_error(e, error, "unknown key; allowed: [Docker] ServerName=");
        }
        if (strlen(e->value) > SERVER_NAME_MAX ||
            strspn(e->value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") !=
                    strlen(e->value)) {
                return keyfile_error(e, error, "must be a DNS name or an IPv4 address");
        }
        return 0;
}

int config_load(Config *ret, TenantError *error) {
        _cleanup_(keyfile_free_p) Keyfile *k = NULL;
        const char *name;
        int r;

        *ret = (Config){ 0 };
        if (access(path_get(PATH_CONFIG), F_OK) < 0 && errno == ENOENT) {
                return 0; /* all by default */
        }
        r = keyfile_new(&k);
        r = r < 0 ? r : keyfile_load(k, path_get(PATH_CONFIG), error);
        if (r < 0) {
                return r;
        }
        for (size_t i = 0; i < k->n_entries; i++) {
                r = check_entry(&k->entries[i], error);
                if (r < 0) {
                        return r;
                }
        }
        name = keyfile_value(k, "Docker", "ServerName");
        ret->server_name = name && *name ? strdup(name) : NULL;
        return name && *name && !ret->server_name ? -ENOMEM : 0;
}

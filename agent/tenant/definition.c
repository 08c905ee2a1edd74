/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * definition.c: what a definition means (see definition.h); definition-store.c is where it is kept. Refuses
 * unknown sections, unknown keys of its own sections, and what contradicts itself; leaves the plugins' keys
 * to the plugins. Owned by agent/tenant.
 */
#include "definition.h"
#include "docker-layout.h"
#include "name.h"
#include "parse.h"

const char *const definition_kind_section[TENANT_KIND_COUNT] = {
        [TENANT_KIND_NAMESPACE] = "Namespace",
        [TENANT_KIND_CGROUP] = "Cgroup",
        [TENANT_KIND_STORAGE] = "Storage",
        [TENANT_KIND_NETWORK] = "Network",
};

static const char *const default_backend[TENANT_KIND_COUNT] = {
        [TENANT_KIND_NAMESPACE] = "user",
        [TENANT_KIND_CGROUP] = "auto",
        [TENANT_KIND_STORAGE] = "auto",
        [TENANT_KIND_NETWORK] = "auto",
};

static const char *const tenant_keys[] = {
        "Image", "Profile", "Description", "Fuse", "PacketSockets", NULL
};
static const char *const docker_keys[] = { "Enabled", "Port", "Ready", NULL };

#define SECTIONS_TEXT "Tenant, Namespace, Cgroup, Storage, Network, Docker"

Definition *definition_free(Definition *d) {
        if (!d) {
                return NULL;
        }
        for (size_t i = 0; i < TENANT_KIND_COUNT; i++) {
                free(d->backends[i]);
        }
        keyfile_free(d->keyfile);
        free(d->name);
        free(d->image);
        free(d->profile);
        free(d);
        return NULL;
}

static bool is_section(const char *section) {
        for (size_t i = 0; i < TENANT_KIND_COUNT; i++) {
                if (strcmp(section, definition_kind_section[i]) == 0) {
                        return true;
                }
        }
        return strcmp(section, "Tenant") == 0 || strcmp(section, "Docker") == 0;
}

static int check_key(const KeyfileEntry *e, const char *const *allowed, TenantError *error) {
        _cleanup_free_ char *text = NULL;

        for (const char *const *key = allowed; *key; key++) {
                if (strcmp(e->key, *key) == 0) {
                        return 0;
                }
        }
        text = strv_join((char *const *) allowed, ", ");
        return keyfile_error(e, error, "unknown key; [%s] knows %s", e->section, text ? text : "others");
}

static int check_entries(const Keyfile *k, TenantError *error) {
        for (size_t i = 0; i < k->n_entries; i++) {
                const KeyfileEntry *e = &k->entries[i];
                int r = 0;

                if (!is_section(e->section)) {
                        return keyfile_error(e, error, "unknown section; there are " SECTIONS_TEXT);
                }
                if (strcmp(e->section, "Tenant") == 0) {
                        r = check_key(e, tenant_keys, error);
                } else if (strcmp(e->section, "Docker") == 0) {
                        r = check_key(e, docker_keys, error);
                }
                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

/* The entry, unless its value is empty, which takes a setting back. */
static const KeyfileEntry *setting(const Definition *d, const char *section, const char *key) {
        const KeyfileEntry *e = keyfile_get(d->keyfile, section, key);

        return e && e->value[0] ? e : NULL;
}

/* Index of the value in `words`, NULL-terminated. */
static int parse_choice(const KeyfileEntry *e, const char *const *words, size_t *ret, TenantError *error) {
        _cleanup_free_ char *text = NULL;

        for (size_t i = 0; words[i]; i++) {
                if (strcmp(e->value, words[i]) == 0) {
                        *ret = i;
                        return 0;
                }
        }
        text = strv_join((char *const *) words, ", ");
        return keyfile_error(e, error, "must be one of: %s", text ? text : words[0]);
}

static int parse_name(const KeyfileEntry *e, const char *what, char **ret, TenantError *error) {
        TenantError detail = {};

        if (tenant_name_check(what, e->value, &detail) < 0) {
                return keyfile_error(e, error, "%s", detail.message);
        }
        *ret = strdup(e->value);
        return *ret ? 0 : -ENOMEM;
}

/* Stays as it is when it is not written. */
static int parse_switch(const Definition *d, const char *section, const char *key, bool *value,
                        TenantError *error) {
        const KeyfileEntry *e = setting(d, section, key);

        return e && parse_boolean(e->value, value) < 0 ? keyfile_error(e, error, "must be yes or no") : 0;
}

static int parse_tenant(Definition *d, TenantError *error) {
        static const char *const profiles[] = { "docker", "plain", NULL };
        const KeyfileEntry *image = setting(d, "Tenant", "Image"),
                           *profile = setting(d, "Tenant", "Profile");
        size_t choice = 0;
        int r;

        if (!image) {
                return error_set(error, EINVAL, E_INVALID_SETTING,
                                 "%.256s%s[Tenant] Image= is missing: write the name of an image (tenantctl "
                                 "image list)",
                                 d->keyfile->n_files > 0 ? d->keyfile->files[0] : "",
                                 d->keyfile->n_files > 0 ? ": " : "");
        }
        r = parse_name(image, "image", &d->image, error);
        if (r < 0) {
                return r;
        }
        r = profile ? parse_choice(profile, profiles, &choice, error) : 0;
        if (r < 0) {
                return r;
        }
        d->profile = strdup(profiles[choice]);
        if (!d->profile) {
                return -ENOMEM;
        }
        r = parse_switch(d, "Tenant", "Fuse", &d->fuse, error);
        return r < 0 ? r : parse_switch(d, "Tenant", "PacketSockets", &d->packet_sockets, error);
}

static int parse_backends(Definition *d, TenantError *error) {
        for (size_t i = 0; i < TENANT_KIND_COUNT; i++) {
                const KeyfileEntry *e = setting(d, definition_kind_section[i], "Backend");
                int r = 0;

                if (e) {
                        r = parse_name(e, "backend", &d->backends[i], error);
                } else {
                        d->backends[i] = strdup(default_backend[i]);
                }
                if (r < 0) {
                        return r;
                }
                if (!d->backends[i]) {
                        return -ENOMEM;
                }
        }
        return 0;
}

static int parse_ids(Definition *d, TenantError *error) {
        const KeyfileEntry *e = setting(d, "Namespace", "Ids");

        d->id_count = DEFINITION_IDS_DEFAULT;
        if (e && (parse_u32(e->value, &d->id_count) < 0 || d->id_count < DEFINITION_IDS_MIN ||
                  d->id_count > DEFINITION_IDS_MAX || d->id_count % DEFINITION_IDS_MIN != 0)) {
                return keyfile_error(e, error, "must be a multiple of %u from %u to %u", DEFINITION_IDS_MIN,
                                     DEFINITION_IDS_MIN, DEFINITION_IDS_MAX);
        }
        return 0;
}

static int parse_root(Definition *d, TenantError *error) {
        static const char *const modes[] = { "auto", "overlay", NULL };
        const KeyfileEntry *e = setting(d, "Storage", "Root");
        size_t choice;

        d->root = ROOT_OVERLAY; /* what auto means as long as no backend clones */
        return e ? parse_choice(e, modes, &choice, error) : 0;
}

/*
 * The next word of a list separated by blanks or commas. False at its end. One longer than buf becomes "…",
 * never valid.
 */
static bool next_word(const char **list, char *buf, size_t size) {
        const char *start = *list + strspn(*list, " ,");
        size_t n = strcspn(start, " ,");

        *list = start + n;
        snprintf(buf, size, "%.*s", n < size ? (int) n : (int) strlen("…"), n < size ? start : "…");
        return n > 0;
}

/* [tcp:|udp:]HOST:TENANT */
static int parse_published(char *word, struct tenant_port *ret) {
        char *colon;

        *ret = (struct tenant_port){ .protocol = IPPROTO_TCP };
        if (strncmp(word, "tcp:", 4) == 0) {
                word += 4;
        } else if (strncmp(word, "udp:", 4) == 0) {
                word += 4;
                ret->protocol = IPPROTO_UDP;
        }
        colon = strchr(word, ':');
        if (!colon) {
                return -EINVAL;
        }
        *colon = '\0';
        return parse_port(word, &ret->host_port) < 0 || parse_port(colon + 1, &ret->tenant_port) < 0
                       ? -EINVAL
                       : 0;
}

static bool publishes(const Definition *d, uint8_t protocol, uint16_t host_port) {
        for (size_t i = 0; i < d->n_ports; i++) {
                if (d->ports[i].protocol == protocol && d->ports[i].host_port == host_port) {
                        return true;
                }
        }
        return false;
}

void definition_ports(const Definition *d, uint16_t docker_port, DefinitionPorts *ret) {
        ret->n = d->n_ports;
        memcpy(ret->list, d->ports, d->n_ports * sizeof(ret->list[0]));
        if (docker_port > 0) {
                ret->list[ret->n++] = (struct tenant_port){ .protocol = IPPROTO_TCP,
                                                            .host_port = docker_port,
                                                            .tenant_port = DOCKER_TLS_PORT };
        }
}

static int refuse_host_port(const KeyfileEntry *e, uint16_t port, TenantError *error) {
        return keyfile_error(
                e, error, "host port %u is one that tenants' own connections leave by; use one from 1 to %u",
                port, TENANT_HOST_PORT_LAST);
}

static int parse_publish(Definition *d, TenantError *error) {
        const KeyfileEntry *e = setting(d, "Network", "Publish");
        const char *rest = e ? e->value : "";
        char word[32], copy[32];

        while (next_word(&rest, word, sizeof(word))) {
                struct tenant_port port;

                memcpy(copy, word, sizeof(copy));
                if (parse_published(copy, &port) < 0) {
                        return keyfile_error(
                                e, error,
                                "\"%s\" is not [tcp:|udp:]HOSTPORT:TENANTPORT with ports 1 to 65535", word);
                }
                if (port.host_port > TENANT_HOST_PORT_LAST) {
                        return refuse_host_port(e, port.host_port, error);
                }
                if (publishes(d, port.protocol, port.host_port)) {
                        return keyfile_error(e, error, "host port %u is published twice", port.host_port);
                }
                if (d->n_ports == DEFINITION_PORTS_MAX) {
                        return keyfile_error(e, error, "more than %d ports", DEFINITION_PORTS_MAX);
                }
                d->ports[d->n_ports++] = port;
        }
        return 0;
}

static int parse_dns(Definition *d, TenantError *error) {
        const KeyfileEntry *e = setting(d, "Network", "DNS");
        const char *rest = e ? e->value : "";
        char word[32];

        while (next_word(&rest, word, sizeof(word))) {
                struct in_addr address;

                if (parse_ipv4(word, &address) < 0 || address.s_addr == INADDR_ANY ||
                    IN_MULTICAST(ntohl(address.s_addr)) || address.s_addr == INADDR_BROADCAST) {
                        return keyfile_error(e, error, "\"%s\" is not the IPv4 address of a name server",
                                             word);
                }
                if (d->n_dns == DEFINITION_DNS_MAX) {
                        return keyfile_error(e, error, "more than %d name servers", DEFINITION_DNS_MAX);
                }
                d->dns[d->n_dns++] = address;
        }
        return 0;
}

static int parse_docker_port(Definition *d, TenantError *error) {
        const KeyfileEntry *e = setting(d, "Docker", "Port");

        if (!e || strcmp(e->value, "auto") == 0) {
                return 0;
        }
        if (parse_port(e->value, &d->docker_port) < 0) {
                return keyfile_error(e, error, "must be \"auto\" or a port, 1 to %u", TENANT_HOST_PORT_LAST);
        }
        if (d->docker_port > TENANT_HOST_PORT_LAST) {
                return refuse_host_port(e, d->docker_port, error);
        }
        if (d->docker_enabled && publishes(d, IPPROTO_TCP, d->docker_port)) {
                return keyfile_error(e, error, "[Network] Publish= has this host port already");
        }
        return 0;
}

static int parse_docker(Definition *d, TenantError *error) {
        static const char *const modes[] = { "no", "docker", NULL };
        const KeyfileEntry *ready = setting(d, "Docker", "Ready");
        size_t choice = READY_INIT;
        int r;

        d->docker_enabled = strcmp(d->profile, "docker") == 0;
        r = parse_switch(d, "Docker", "Enabled", &d->docker_enabled, error);
        if (r < 0) {
                return r;
        }
        r = ready ? parse_choice(ready, modes, &choice, error) : 0;
        if (r < 0) {
                return r;
        }
        d->ready = (ReadyMode) choice;
        if (d->ready == READY_DOCKER && !d->docker_enabled) {
                return keyfile_error(ready, error,
                                     "Docker is not enabled, so the tenant would never be ready; write "
                                     "[Docker] Enabled=yes or Ready=no");
        }
        return parse_docker_port(d, error);
}

static int parse_all(Definition *d, TenantError *error) {
        static int (*const parsers[])(Definition *, TenantError *) = {
                parse_tenant, parse_backends, parse_ids, parse_root, parse_publish, parse_dns, parse_docker,
        };
        int r = check_entries(d->keyfile, error);

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(parsers); i++) {
                r = parsers[i](d, error);
        }
        return r;
}

int definition_from_keyfile(const char *name, Keyfile *keyfile, Definition **ret, TenantError *error) {
        _cleanup_(definition_free_p) Definition *d = NULL;
        int r = tenant_name_check("tenant", name, error);

        if (r < 0) {
                return r;
        }
        d = calloc(1, sizeof(*d));
        if (!d) {
                return -ENOMEM;
        }
        d->name = strdup(name);
        if (!d->name) {
                return -ENOMEM;
        }
        d->keyfile = keyfile;
        r = parse_all(d, error);
        if (r < 0) {
                d->keyfile = NULL; /* stays the caller's */
                return r;
        }
        *ret = TAKE_PTR(d);
        return 0;
}

/* The section of a key that only one of the sections knows; keys that several have are not in it. */
static const char *section_of_own(const char *key) {
        static const char *const table[][2] = {
                { "Image", "Tenant" }, { "Profile", "Tenant" },       { "Description", "Tenant" },
                { "Fuse", "Tenant" },  { "PacketSockets", "Tenant" }, { "Ids", "Namespace" },
                { "Root", "Storage" }, { "Publish", "Network" },      { "DNS", "Network" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                if (strcmp(key, table[i][0]) == 0) {
                        return table[i][1];
                }
        }
        return NULL;
}

/* Splits "Section.Key", or finds the section of "Key". *ret_key points into key. */
static int split_key(const char *key, DefinitionSectionOf section_of, void *userdata,
                     char section[static 16], const char **ret_key, TenantError *error) {
        const char *dot = strchr(key, '.'), *found;

        if (dot) {
                snprintf(section, 16, "%.*s", (int) (dot - key), key);
                if ((size_t) (dot - key) >= 16 || !is_section(section)) {
                        return error_set(error, EINVAL, E_INVALID_SETTING,
                                         "Setting \"%s\": unknown section; there are " SECTIONS_TEXT, key);
                }
                *ret_key = dot + 1;
                return 0;
        }
        found = section_of_own(key);
        if (!found && section_of) {
                found = section_of(userdata, key);
        }
        if (!found || !is_section(found)) {
                return error_set(error, EINVAL, E_INVALID_SETTING,
                                 "Setting \"%s\" is not known, or to several sections; write Section.Key "
                                 "with one of " SECTIONS_TEXT,
                                 key);
        }
        snprintf(section, 16, "%s", found);
        *ret_key = key;
        return 0;
}

int definition_keyfile_from_settings(const DefinitionSetting *settings, size_t n,
                                     DefinitionSectionOf section_of, void *userdata, Keyfile **ret,
                                     TenantError *error) {
        _cleanup_(keyfile_free_p) Keyfile *k = NULL;
        int r = keyfile_new(&k);

        for (size_t i = 0; r >= 0 && i < n; i++) {
                char section[16];
                const char *key = NULL;

                if (!text_is_safe(settings[i].key, 80)) {
                        return error_set(error, EINVAL, E_INVALID_SETTING,
                                         "The name of a setting is not printable or longer than 80 bytes");
                }
                r = split_key(settings[i].key, section_of, userdata, section, &key, error);
                if (r < 0) {
                        return r;
                }
                if (keyfile_get(k, section, key)) {
                        return error_set(error, EINVAL, E_INVALID_SETTING, "Setting [%s] %s= is given twice",
                                         section, key);
                }
                r = keyfile_set(k, section, key, settings[i].value, error);
        }
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(k);
        return 0;
}

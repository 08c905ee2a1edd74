/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * definition.h: what the operator wants of a tenant: /etc/tenantd/tenants/NAME.conf and NAME.conf.d/ *.conf
 * (tenantd.conf(5)). Knows the sections and the keys of [Tenant] and [Docker] and the keys Backend= and
 * Root=; the other keys of the backends' sections belong to the plugins and are checked by
 * agent/compose/backends.c on the same Keyfile. A key with an empty value counts as not written, so that a
 * drop-in can take a setting back.
 */
#pragma once

#include "keyfile.h"
#include "strv.h"
#include "tenant-network.h"

typedef enum RootMode {
        ROOT_OVERLAY, /* Root=auto means this for backends that cannot clone */
} RootMode;

typedef enum ReadyMode {
        READY_INIT, /* Ready=no: active when the tenant's init is up */
        READY_DOCKER, /* Ready=docker: active when dockerd accepts connections too */
} ReadyMode;

#define DEFINITION_PORTS_MAX 64
#define DEFINITION_DNS_MAX 8
#define DEFINITION_IDS_MIN 65536u
#define DEFINITION_IDS_MAX 1048576u
#define DEFINITION_IDS_DEFAULT 262144u

typedef struct Definition {
        char *name;
        Keyfile *keyfile; /* everything, merged */
        char *image;
        char *profile; /* "docker" or "plain" */
        /* As written; by default "user" for namespace, "auto" for the others. */
        char *backends[TENANT_KIND_COUNT];
        uint32_t id_count; /* [Namespace] Ids=, 65536..1048576, multiple of 65536; 262144 by default */
        RootMode root;
        bool fuse; /* [Tenant] Fuse=: /dev/fuse */
        bool packet_sockets; /* [Tenant] PacketSockets=: AF_PACKET */
        bool docker_enabled; /* [Docker] Enabled=, default by the profile */
        uint16_t docker_port; /* [Docker] Port=, 0: auto */
        ReadyMode ready;
        struct tenant_port ports[DEFINITION_PORTS_MAX]; /* [Network] Publish=, without the Docker port */
        size_t n_ports;
        struct in_addr dns[DEFINITION_DNS_MAX]; /* [Network] DNS= */
        size_t n_dns;
} Definition;

/* What a network backend is asked to publish. */
typedef struct DefinitionPorts {
        struct tenant_port list[DEFINITION_PORTS_MAX + 1];
        size_t n;
} DefinitionPorts;

Definition *definition_free(Definition *d);
DEFINE_CLEANUP(Definition *, definition_free)

/* The section of each kind: "Namespace", "Cgroup", "Storage", "Network". */
extern const char *const definition_kind_section[TENANT_KIND_COUNT];

/*
 * From a merged keyfile, which the definition takes over on success. -EINVAL InvalidSetting / InvalidName.
 */
int definition_from_keyfile(const char *name, Keyfile *keyfile, Definition **ret, TenantError *error)
        _must_check_;

/* The published ports, and host port `docker_port`, which leads to the tenant's Docker; 0: that is not published. */
void definition_ports(const Definition *d, uint16_t docker_port, DefinitionPorts *ret);

/* One setting as the bus gives it: "Section.Key", or "Key" alone where one section only knows it. */
typedef struct DefinitionSetting {
        const char *key;
        const char *value; /* may be empty */
} DefinitionSetting;

/*
 * The section of a plugin's key, or NULL: unknown, or known to two sections. backends_section_of_key is one.
 */
typedef const char *(*DefinitionSectionOf)(void *userdata, const char *key);

/*
 * A keyfile from settings. Known without `section_of` (which may be NULL): Image, Profile, Description, Fuse,
 * PacketSockets → Tenant; Ids → Namespace; Root → Storage; Publish, DNS → Network. Backend, Enabled, Port and Ready need
 * their section in front. Values are checked for what a keyfile can hold only; definition_from_keyfile does
 * the rest. -EINVAL InvalidSetting: unknown key, unknown section, the same key twice. The caller frees *ret
 * with keyfile_free.
 */
int definition_keyfile_from_settings(const DefinitionSetting *settings, size_t n,
                                     DefinitionSectionOf section_of, void *userdata, Keyfile **ret,
                                     TenantError *error) _must_check_;

/* Reads file and drop-ins. -ENOENT NoSuchTenant; else as above. */
int definition_load(const char *name, Definition **ret, TenantError *error) _must_check_;

/* Merges NAME.conf.d, which an operator may have made before the tenant, into a keyfile. Errors as keyfile_load_dropins. */
int definition_add_dropins(const char *name, Keyfile *keyfile, TenantError *error) _must_check_;

/* True when /etc/tenantd/tenants/NAME.conf exists. */
bool definition_exists(const char *name);

/*
 * Writes NAME.conf atomically, mode 0644 (it holds no secrets). `exclusive`: -EEXIST TenantExists when it is
 * there.
 */
int definition_save(const char *name, const Keyfile *keyfile, bool exclusive, TenantError *error)
        _must_check_;

/* Removes NAME.conf, durably, then NAME.conf.d. Idempotent. */
int definition_remove(const char *name, TenantError *error) _must_check_;

/* All names with a definition, sorted. The caller frees with strv_free. Invalid file names are left out. */
int definition_list(char ***ret, TenantError *error) _must_check_;

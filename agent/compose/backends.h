/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * backends.h: the four backends of one tenant with their parsed settings: what the composer, the agent's workers and the
 * release share. Host services (struct tenant_host) for plugins are made here too.
 */
#pragma once

#include "allocation.h"
#include "loader.h"

typedef struct Backend {
        const Plugin *plugin; /* NULL: kind not loaded */
        struct tenant_value *values;
        struct tenant_fact *facts; /* of the allocation, then of the run journal */
        size_t n_facts;
        struct tenant_context context; /* ready to pass; points into this struct */
        struct tenant_host host; /* the caller's, with our name on what the backend logs */
        const struct tenant_host *outer;
        char label[96]; /* "network-routed" */
} Backend;

typedef struct Backends {
        Backend kind[TENANT_KIND_COUNT];
} Backends;

Backends *backends_free(Backends *b);
DEFINE_CLEANUP(Backends *, backends_free)

#define KIND_BIT(k) (1u << (k))
#define KINDS_ALL ((1u << TENANT_KIND_COUNT) - 1)

/*
 * Which backend each kind gets: as written in the definition; "auto": the plugin of highest priority >= 0 whose probe (and for
 * storage: fit on store_fd) says yes. names[] receives malloc'ed names. -ENOTSUP HostNotReady: none fits; the message
 * lists why not, for each. Explicit limits rule a backend out that cannot hold them (its validate says so).
 */
int backends_choose(const Definition *d, const struct tenant_host *host, int store_fd,
                    char *names[TENANT_KIND_COUNT], TenantError *error) _must_check_;

/*
 * Loads the plugins of `kinds` by the allocation's names, parses their sections of the definition (types, bounds, defaults;
 * unknown key: -EINVAL InvalidSetting with file, line and the keys allowed) and runs validate. The result borrows d, a and host.
 */
int backends_load(const Definition *d, const Allocation *a, const struct tenant_host *host, unsigned kinds,
                  Backends **ret, TenantError *error) _must_check_;

/* The same for more kinds, in what backends_load made. */
int backends_load_more(Backends *b, const Definition *d, const Allocation *a, const struct tenant_host *host,
                       unsigned kinds, TenantError *error) _must_check_;

/* The same for release: no definition, no validation; values all unset. Facts come from `facts` of the run journal. */
int backends_load_for_release(const char *name, const Allocation *a, const struct tenant_host *host,
                              unsigned kinds, Backends **ret, TenantError *error) _must_check_;

/*
 * Whether these backends, on this host, can do what the definition asks of them, now; before anything is made or changed. `kinds`: a
 * subset of the loaded ones; ports: those that the start would publish. -ENOTSUP HostNotReady or NotSupported, with the text that the
 * start would have.
 */
int backends_fit(const Backends *b, unsigned kinds, int store_fd, const DefinitionPorts *ports,
                 TenantError *error) _must_check_;

/*
 * Whether what tenants rest on in the host is still in force, by all network backends. Does not block. -ENOENT HostNotReady: no; gc
 * of the backend named puts it back. Backends that cannot be loaded or asked are passed by.
 */
int backends_intact(TenantError *error) _must_check_;

/* Adds a fact to a loaded backend's context (remembered in this process, or read from the run journal). */
int backend_add_fact(Backend *b, const char *key, const char *value) _must_check_;

/*
 * For the bus: the section of a plugin key without section ("MemoryMax" → "Cgroup"), over the tables of all installed
 * plugins; NULL when unknown or known to two sections.
 */
const char *backends_section_of_key(void *userdata, const char *key);

/* A host that logs through log.h, never cancels and forgets what it is told to remember. Callers copy and override. */
extern const struct tenant_host host_default;

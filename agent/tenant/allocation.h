/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * allocation.h: what the agent gave a tenant for its life: /var/lib/tenantd/tenants/NAME/allocation. Written
 * once at creation (later only facts and the Docker port change), atomically, under the allocation lock.
 */
#pragma once

#include "cleanup.h"
#include "definition.h"
#include "idrange.h"

typedef struct AllocationFact {
        enum tenant_kind kind;
        char *key;
        char *value;
} AllocationFact;

typedef struct Allocation {
        char uuid[37]; /* RFC 4122 text, lower case */
        uint32_t index;
        IdRange ids;
        uint32_t project_id; /* PROJECT_ID_BASE + index */
        uint16_t docker_port; /* 0: Docker not published */
        char *backends[TENANT_KIND_COUNT]; /* names chosen for auto; never "auto" */
        AllocationFact *facts;
        size_t n_facts;
} Allocation;

#define ALLOCATION_FACTS_MAX 256u
#define PROJECT_ID_BASE 0x54000000u
#define ALLOCATION_INDEX_MAX 16383u
#define DOCKER_PORT_FIRST 22000u
#define DOCKER_PORT_LAST 38383u

Allocation *allocation_free(Allocation *a);
DEFINE_CLEANUP(Allocation *, allocation_free)

/*
 * Exclusive lock of all allocations, /var/lib/tenantd/tenants/.lock. Closing the descriptor unlocks. Blocks
 * (worker only), until `host` says that the job is cancelled: -ECANCELED Canceled. NULL host: an undo, which
 * waits in any case.
 */
int allocation_lock(const struct tenant_host *host, TenantError *error) _must_check_;

/*
 * -ENOENT NoSuchTenant, -EBADMSG Damaged. allocation_from_keyfile: the same from a text (`name` is for
 * messages).
 */
int allocation_from_keyfile(const char *name, const Keyfile *keyfile, Allocation **ret, TenantError *error)
        _must_check_;
int allocation_load(const char *name, Allocation **ret, TenantError *error) _must_check_;

/*
 * Chooses index (lowest free), ids, project id, uuid (random) and, when the definition has Docker enabled, a
 * port: the wanted one (-EADDRINUSE AddressInUse when another tenant has it or something on the host listens
 * on it) or with Port=auto the lowest free one of the range that no tenant publishes and nothing on the host
 * listens on. backends[] stay NULL: the caller fills them in. Reads every other allocation and definition;
 * nothing is written. Caller holds the lock. -ENOSPC NoSpace. -EBADMSG Damaged: a directory in tenants/ has
 * no readable allocation, so its ids are not known; named. -EEXIST TenantExists: this name has an
 * allocation. -EADDRINUSE AddressInUse: as allocation_check_ports.
 */
int allocation_choose(const Definition *d, Allocation **ret, TenantError *error) _must_check_;

/*
 * -EADDRINUSE AddressInUse when a port that the definition publishes is another tenant's (published or
 * Docker's), or when another publishes docker_port (0: none); the message names it. The caller holds the lock until the
 * definition is saved. allocation_choose does the same for an early answer. A definition of another that cannot be read is
 * passed over.
 */
int allocation_check_ports(const Definition *d, uint16_t docker_port, TenantError *error) _must_check_;

/*
 * A Docker port for a tenant that exists, chosen as allocation_choose does (0 when Docker is not enabled). Caller
 * holds the lock. Errors as there.
 */
int allocation_choose_port(const Definition *d, uint16_t *ret, TenantError *error) _must_check_;

/*
 * Adds, or replaces the value of the same kind and key. -EINVAL: cannot be written to the file; -E2BIG:
 * ALLOCATION_FACTS_MAX.
 */
int allocation_add_fact(Allocation *a, enum tenant_kind kind, const char *key, const char *value)
        _must_check_;

/*
 * Facts of one kind of all tenants but `except` (NULL: none), for network.allocate. The caller frees with
 * allocation_facts_free.
 */
int allocation_facts_of_others(enum tenant_kind kind, const char *except, struct tenant_fact **ret,
                               size_t *ret_n, TenantError *error) _must_check_;
struct tenant_fact *allocation_facts_free(struct tenant_fact *facts, size_t n);

/* What allocation_save writes, as a keyfile. The caller frees. -EINVAL: a backend is missing or "auto". */
int allocation_to_keyfile(const Allocation *a, Keyfile **ret, TenantError *error) _must_check_;

/*
 * Writes tenants/NAME/allocation atomically and durably (directory 0700 made). -EINVAL: a backend is missing
 * or "auto".
 */
int allocation_save(const char *name, const Allocation *a, TenantError *error) _must_check_;

/*
 * Removes tenants/NAME with everything in it (pki too): renamed to .NAME.removed first, so that it is there
 * whole or not at all. Idempotent. Last step of a removal: only then the ids are free.
 */
int allocation_remove(const char *name, TenantError *error) _must_check_;

/*
 * What is under way in tenants/NAME, by files beside the allocation: only what is being made or removed may be wiped when there
 * is no definition. A definition may be missing for other reasons: moved away by its owner, or on a disk that is not mounted.
 */
typedef enum AllocationStage {
        ALLOCATION_COMPLETE, /* also when nothing can be said */
        ALLOCATION_REMOVING, /* from allocation_begin_removal to allocation_undefined: its definition too is to go */
        ALLOCATION_INCOMPLETE, /* no definition yet, or no more; also a directory without an allocation */
} AllocationStage;

AllocationStage allocation_stage(const char *name);

/* Complete, but without a definition. */
bool allocation_is_orphan(const char *name);

/* Durably. Before the definition goes. Nothing when there is no directory. */
int allocation_begin_removal(const char *name, TenantError *error) _must_check_;

/* The definition has gone, drop-ins and all: those that come now are another tenant's. */
int allocation_undefined(const char *name, TenantError *error) _must_check_;

/* The definition is there and stays: nothing is under way any more. Not durable: recovery does it again. */
int allocation_settle(const char *name, TenantError *error) _must_check_;

/* There is a directory tenants/NAME: a tenant, or what a removal left of one. False for a name that is none. */
bool allocation_exists(const char *name);

/* Removes what killed removals left. The caller holds the lock. */
int allocation_collect(TenantError *error) _must_check_;

/* Valid names that have a directory in tenants/, sorted; strv_free. Missing tenants/: empty. */
int allocation_list(char ***ret, TenantError *error) _must_check_;

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * allocation-choose.c: what a new tenant gets (see allocation.h). Refuses to choose while the allocation of
 * any other tenant is not known, so that nothing is ever given away twice. Reads the state of all tenants
 * and asks NSS: of workers, never of the start path. Owned by agent/tenant.
 */
#include "allocation.h"
#include "paths.h"
#include <arpa/inet.h>
#include <sys/random.h>
#include <sys/socket.h>

/*
 * Ranges that only NSS knows are learnt one by one; more than this many in a row is a host set up otherwise
 * than expected.
 */
#define NSS_TRIES_MAX 256u

/* What all other tenants have. */
typedef struct Survey {
        IdRange *ranges;
        size_t n_ranges;
        uint8_t indexes[ALLOCATION_INDEX_MAX + 1];
        uint8_t tcp_ports[UINT16_MAX + 1];
} Survey;

static Survey *survey_free(Survey *s) {
        if (s) {
                free(s->ranges);
                free(s);
        }
        return NULL;
}
DEFINE_CLEANUP(Survey *, survey_free)

static int append_range(IdRange **ranges, size_t *n, IdRange range) {
        IdRange *more = reallocarray(*ranges, *n + 1, sizeof(IdRange));

        if (!more) {
                return -ENOMEM;
        }
        *ranges = more;
        more[(*n)++] = range;
        return 0;
}

static int survey_tenant(Survey *s, const char *name, TenantError *error) {
        _cleanup_(allocation_free_p) Allocation *a = NULL;
        _cleanup_(definition_free_p) Definition *d = NULL;
        int r = allocation_load(name, &a, error);

        if (r == -ENOENT) {
                return error_set(error, EBADMSG, E_DAMAGED,
                                 "%s/%s has no file \"allocation\", so its ids are not known: a creation "
                                 "was cut short or the file "
                                 "was lost. Restore it; or, when %s has no volume %s, remove the directory",
                                 path_get(PATH_TENANTS), name, path_get(PATH_STORAGE), name);
        }
        if (r < 0) {
                return r;
        }
        s->indexes[a->index] = 1;
        s->tcp_ports[a->docker_port] = 1;
        /* One that cannot be read does not start either, and publishes nothing. */
        if (definition_load(name, &d, NULL) >= 0) {
                for (size_t i = 0; i < d->n_ports; i++) {
                        s->tcp_ports[d->ports[i].host_port] |= d->ports[i].protocol == IPPROTO_TCP;
                }
        }
        return append_range(&s->ranges, &s->n_ranges, a->ids);
}

static int survey_all(const char *except, Survey **ret, TenantError *error) {
        _cleanup_(survey_free_p) Survey *s = calloc(1, sizeof(*s));
        _cleanup_(strv_free_p) char **names = NULL;
        int r = s ? allocation_list(&names, error) : -ENOMEM;

        for (char **name = names; r >= 0 && *name; name++) {
                if (strcmp(*name, except) != 0) {
                        r = survey_tenant(s, *name, error);
                }
        }
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(s);
        return 0;
}

static int choose_index(const Survey *s, Allocation *a, TenantError *error) {
        for (uint32_t i = 0; i <= ALLOCATION_INDEX_MAX; i++) {
                if (!s->indexes[i]) {
                        a->index = i;
                        a->project_id = PROJECT_ID_BASE + i;
                        return 0;
                }
        }
        return error_set(error, ENOSPC, E_NO_SPACE,
                         "This host has %u tenants, the most tenantd can tell apart; remove one",
                         ALLOCATION_INDEX_MAX + 1);
}

static int choose_ids(const Survey *s, uint32_t count, IdRange *ret, TenantError *error) {
        _cleanup_free_ IdRange *foreign = NULL;
        size_t n = 0;
        int r = idrange_foreign(&foreign, &n, error);

        for (unsigned tries = 0; r >= 0 && tries < NSS_TRIES_MAX; tries++) {
                r = idrange_choose(count, s->ranges, s->n_ranges, foreign, n, ret, error);
                if (r < 0 || !idrange_known_to_nss(*ret)) {
                        return r;
                }
                r = append_range(&foreign, &n, *ret);
        }
        return r < 0 ? r
                     : error_set(error, ENOSPC, E_NO_SPACE,
                                 "Users or groups of this host (getent passwd %u) have the ids in the range "
                                 "that systemd sets aside "
                                 "for containers, %u..%u; give them others",
                                 ret->base, ID_WINDOW_FIRST, ID_WINDOW_LAST);
}

/* True when something listens on the port in this network namespace, on any address. */
static bool port_has_listener(uint16_t port) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int one = 1;

        /* With SO_REUSEADDR connections that ended lately do not count, listeners do (socket(7)). */
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0) {
                return false;
        }
        return bind(fd, (const struct sockaddr *) &address, sizeof(address)) < 0 && errno == EADDRINUSE;
}

static bool publishes_tcp(const Definition *d, uint16_t port) {
        for (size_t i = 0; i < d->n_ports; i++) {
                if (d->ports[i].protocol == IPPROTO_TCP && d->ports[i].host_port == port) {
                        return true;
                }
        }
        return false;
}

static int choose_docker_port(const Survey *s, const Definition *d, uint16_t *ret, TenantError *error) {
        if (!d->docker_enabled) {
                *ret = 0;
                return 0;
        }
        if (d->docker_port != 0) {
                if (s->tcp_ports[d->docker_port] || port_has_listener(d->docker_port)) {
                        return error_set(
                                error, EADDRINUSE, E_ADDRESS_IN_USE,
                                "[Docker] Port=%u is in use on this host; choose another or Port=auto",
                                d->docker_port);
                }
                *ret = d->docker_port;
                return 0;
        }
        for (uint32_t port = DOCKER_PORT_FIRST; port <= DOCKER_PORT_LAST; port++) {
                if (!s->tcp_ports[port] && !publishes_tcp(d, (uint16_t) port) &&
                    !port_has_listener((uint16_t) port)) {
                        *ret = (uint16_t) port;
                        return 0;
                }
        }
        return error_set(error, ENOSPC, E_NO_SPACE,
                         "No port from %u to %u is free for Docker; write [Docker] Port=", DOCKER_PORT_FIRST,
                         DOCKER_PORT_LAST);
}

/* RFC 4122 version 4. */
static int choose_uuid(char uuid[static 37]) {
        uint8_t b[16];

        if (getrandom(b, sizeof(b), 0) != (ssize_t) sizeof(b)) {
                return -EIO;
        }
        b[6] = (uint8_t) ((b[6] & 0x0F) | 0x40);
        b[8] = (uint8_t) ((b[8] & 0x3F) | 0x80);
        snprintf(uuid, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
                 b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
                 b[15]);
        return 0;
}

static int check_new(const char *name, TenantError *error) {
        _cleanup_(allocation_free_p) Allocation *a = NULL;
        int r = allocation_load(name, &a, error);

        if (r == -ENOENT) {
                return 0;
        }
        return r < 0 ? r
                     : error_set(error, EEXIST, E_TENANT_EXISTS,
                                 "Tenant %s has an allocation already; choose another name or remove the "
                                 "tenant first",
                                 name);
}

int allocation_choose(const Definition *d, Allocation **ret, TenantError *error) {
        _cleanup_(survey_free_p) Survey *s = NULL;
        _cleanup_(allocation_free_p) Allocation *a = calloc(1, sizeof(*a));
        int r = a ? check_new(d->name, error) : -ENOMEM;

        if (r >= 0) {
                r = survey_all(d->name, &s, error);
        }
        if (r >= 0) {
                r = allocation_check_ports(d, 0, error);
        }
        if (r >= 0) {
                r = choose_index(s, a, error);
        }
        if (r >= 0) {
                r = choose_docker_port(s, d, &a->docker_port, error);
        }
        if (r >= 0) {
                r = choose_ids(s, d->id_count, &a->ids, error);
        }
        if (r >= 0) {
                r = choose_uuid(a->uuid);
        }
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(a);
        return 0;
}

int allocation_choose_port(const Definition *d, uint16_t *ret, TenantError *error) {
        _cleanup_(survey_free_p) Survey *s = NULL;
        int r = survey_all(d->name, &s, error);

        return r < 0 ? r : choose_docker_port(s, d, ret, error);
}

/* The port of `d` that `other` has too, or NULL. */
static const struct tenant_port *shared_port(const Definition *d, const Definition *other,
                                             const Allocation *other_a) {
        for (size_t i = 0; i < d->n_ports; i++) {
                const struct tenant_port *p = &d->ports[i];

                if (p->protocol == IPPROTO_TCP && other_a && p->host_port == other_a->docker_port) {
                        return p;
                }
                for (size_t j = 0; other && j < other->n_ports; j++) {
                        if (p->protocol == other->ports[j].protocol &&
                            p->host_port == other->ports[j].host_port) {
                                return p;
                        }
                }
        }
        return NULL;
}

int allocation_check_ports(const Definition *d, uint16_t docker_port, TenantError *error) {
        _cleanup_(strv_free_p) char **names = NULL;
        int r = d->n_ports > 0 || docker_port != 0 ? definition_list(&names, error) : 0;

        for (char **name = names; r >= 0 && name && *name; name++) {
                _cleanup_(allocation_free_p) Allocation *a = NULL;
                _cleanup_(definition_free_p) Definition *other = NULL;
                const struct tenant_port *port;

                if (strcmp(*name, d->name) == 0) {
                        continue;
                }
                /* What cannot be read does not start, and publishes nothing. */
                (void) !allocation_load(*name, &a, NULL);
                (void) !definition_load(*name, &other, NULL);
                port = shared_port(d, other, a);
                if (port) {
                        return error_set(error, EADDRINUSE, E_ADDRESS_IN_USE,
                                         "[Network] Publish=: host port %u is tenant %s's; choose another",
                                         port->host_port, *name);
                }
                if (docker_port != 0 && other && publishes_tcp(other, docker_port)) {
                        return error_set(
                                error, EADDRINUSE, E_ADDRESS_IN_USE,
                                "Docker's port %u has been published by tenant %s meanwhile; try again",
                                docker_port, *name);
                }
        }
        return r;
}

struct tenant_fact *allocation_facts_free(struct tenant_fact *facts, size_t n) {
        for (size_t i = 0; facts && i < n; i++) {
                free((char *) facts[i].key);
                free((char *) facts[i].value);
        }
        free(facts);
        return NULL;
}

typedef struct FactList {
        struct tenant_fact *facts;
        size_t n;
} FactList;

static void fact_list_done(FactList *l) {
        l->facts = allocation_facts_free(l->facts, l->n);
}

static int fact_list_add(FactList *l, const AllocationFact *fact) {
        struct tenant_fact *more = reallocarray(l->facts, l->n + 1, sizeof(*more));
        _cleanup_free_ char *key = strdup(fact->key), *value = strdup(fact->value);

        if (more) {
                l->facts = more;
        }
        if (!more || !key || !value) {
                return -ENOMEM;
        }
        more[l->n++] = (struct tenant_fact){ .key = TAKE_PTR(key), .value = TAKE_PTR(value) };
        return 0;
}

static int fact_list_add_tenant(FactList *l, enum tenant_kind kind, const char *name, TenantError *error) {
        _cleanup_(allocation_free_p) Allocation *a = NULL;
        int r = allocation_load(name, &a, error);

        for (size_t i = 0; r >= 0 && i < a->n_facts; i++) {
                if (a->facts[i].kind == kind) {
                        r = fact_list_add(l, &a->facts[i]);
                }
        }
        return r;
}

int allocation_facts_of_others(enum tenant_kind kind, const char *except, struct tenant_fact **ret,
                               size_t *ret_n, TenantError *error) {
        _cleanup_(fact_list_done) FactList list = {};
        _cleanup_(strv_free_p) char **names = NULL;
        int r = allocation_list(&names, error);

        for (char **name = names; r >= 0 && *name; name++) {
                if (!except || strcmp(*name, except) != 0) {
                        r = fact_list_add_tenant(&list, kind, *name, error);
                }
        }
        if (r < 0) {
                return r;
        }
        *ret_n = list.n;
        *ret = TAKE_PTR(list.facts);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * routed.c: the network backend "routed": a point-to-point link and one /32 per tenant, no shared layer 2, filters as elements
 * of one nftables table. The undo of every operation is release(); state is in the kernel and in /run (state.c).
 */
#include "routed.h"
#include "address.h"
#include "collect.h"
#include "connections.h"
#include "filter.h"
#include "link.h"
#include "ports.h"
#include "settings.h"
#include "state.h"
#include "table.h"

/* probe */

static int probe(const struct tenant_host *host, struct tenant_error *error) {
        int r;

        if (access(NFT_PATH, X_OK) < 0) {
                return tenant_error_set(
                        error, -ENOENT, "HostNotReady",
                        "%s is missing: install the package nftables (apt-get install nftables)", NFT_PATH);
        }
        if (access(TENANTD_NFT_FILE, R_OK) < 0) {
                return tenant_error_set(error, -ENOENT, "HostNotReady",
                                        "%s is missing: install tenantd again", TENANTD_NFT_FILE);
        }
        r = filter_probe();
        if (r == -EPERM) {
                return 0; /* asked without privilege: cannot tell, and the start will */
        }
        if (r < 0) {
                return tenant_error_set(
                        error, -ENOTSUP, "HostNotReady",
                        "The kernel has no nf_tables (%s): run `modprobe nf_tables`, or boot a kernel that "
                        "has the module",
                        strerror(-r));
        }
        return 0;
}

/* attach, publish, release */

struct search {
        const struct tenant_port *port;
        uint32_t not_index;
        char name[64];
};

static bool has_port(const struct tenant_port *ports, size_t n, const struct tenant_port *port,
                     bool exactly) {
        for (size_t i = 0; i < n; i++) {
                if (ports[i].protocol == port->protocol && ports[i].host_port == port->host_port &&
                    (!exactly || ports[i].tenant_port == port->tenant_port)) {
                        return true;
                }
        }
        return false;
}

static int search_owner(int fd, uint32_t index, void *userdata) {
        struct search *search = userdata;
        _cleanup_(state_done) struct state s = {};

        if (index != search->not_index && state_read(fd, index, &s) == 0 &&
            has_port(s.ports, s.n_ports, search->port, false)) {
                snprintf(search->name, sizeof(search->name), "%s", s.name);
        }
        return 0;
}

static int port_taken(int state_fd, const struct state *s, const struct tenant_port *port,
                      struct tenant_error *error) {
        struct search search = { .port = port, .not_index = s->index };

        if (state_each(state_fd, search_owner, &search) < 0 || search.name[0] == '\0') {
                snprintf(search.name, sizeof(search.name), "%s", "another tenant");
        }
        return tenant_error_set(error, -EADDRINUSE, "AddressInUse",
                                "Port %u/%s of this host is published by %s: choose another host port",
                                port->host_port, protocol_name(port->protocol), search.name);
}

static int check_ports(const struct tenant_port *ports, size_t n_ports, struct tenant_error *error) {
        if (n_ports > PORTS_MAX) {
                return tenant_error_set(error, -EINVAL, "InvalidSetting",
                                        "Publish: at most %u ports per tenant", PORTS_MAX);
        }
        for (size_t i = 0; i < n_ports; i++) {
                if (ports[i].host_port == 0 || ports[i].tenant_port == 0 ||
                    has_port(ports, i, &ports[i], false)) {
                        return tenant_error_set(error, -EINVAL, "InvalidSetting",
                                                "Publish: port %u/%s is 0 or written twice",
                                                ports[i].host_port, protocol_name(ports[i].protocol));
                }
        }
        return 0;
}

/*
 * One transaction from `before` (may have no ports) to `after`. *ret_refused: the port of `after` at which it stopped, or NULL.
 */
static int change_filters(const struct state *before, const struct state *after,
                          const struct tenant_port **ret_refused) {
        _cleanup_(filter_done) struct filter f;
        size_t removed = 0, refused = SIZE_MAX;
        int r;

        filter_begin(&f, after->name);
        for (size_t i = 0; i < before->n_ports; i++) {
                if (!has_port(after->ports, after->n_ports, &before->ports[i], true)) {
                        filter_port(&f, FILTER_REMOVE, &before->ports[i], before->address);
                        removed++;
                }
        }
        filter_source(&f, FILTER_ADD, after->index, after->address);
        for (size_t i = 0; i < after->n_ports; i++) {
                filter_port(&f, FILTER_ADD, &after->ports[i], after->address);
        }
        if (before->address) {
                filter_limits(&f, FILTER_REMOVE, after->index, after->limits);
        }
        filter_limits(&f, FILTER_ADD, after->index, after->limits);
        r = filter_commit(&f, &refused);
        *ret_refused = NULL;
        if (r < 0 && refused != SIZE_MAX && refused > removed && refused - removed - 1 < after->n_ports) {
                *ret_refused = &after->ports[refused - removed - 1];
        }
        return r;
}

/*
 * A process that was killed between its file and its transaction leaves a file that names ports it never got: they may be
 * another tenant's. Forgets all ports that do not lead to this tenant now.
 */
static int keep_owned_ports(struct state *s) {
        size_t n = 0;

        for (size_t i = 0; i < s->n_ports; i++) {
                int r = filter_port_owned(&s->ports[i], s->address);

                if (r == 0) {
                        s->ports[n++] = s->ports[i];
                } else if (r != -ENOENT && r != -EBUSY) {
                        return r;
                }
        }
        s->n_ports = n;
        return 0;
}

enum {
        PART_SOURCE = 1,
        PART_LIMITS = 2,
};

/* Some of the ports, and these parts. */
static int remove_some(const struct state *s, size_t first, size_t last, unsigned parts) {
        _cleanup_(filter_done) struct filter f;

        filter_begin(&f, NULL);
        for (size_t i = first; i < last; i++) {
                filter_port(&f, FILTER_REMOVE, &s->ports[i], s->address);
        }
        if (parts & PART_SOURCE) {
                filter_source(&f, FILTER_REMOVE, s->index, s->address);
        }
        if (parts & PART_LIMITS) {
                filter_limits(&f, FILTER_REMOVE, s->index, s->limits);
        }
        return filter_commit(&f, NULL);
}

/* In one transaction; when something of it is missing already, each by itself. */
static int remove_filters(struct state *s) {
        static const unsigned parts[] = { PART_SOURCE, PART_LIMITS };
        int result = keep_owned_ports(s), r;

        if (result < 0) {
                return result;
        }
        result = remove_some(s, 0, s->n_ports, PART_SOURCE | PART_LIMITS);
        if (result != -ENOENT) {
                return result;
        }
        result = 0;
        for (size_t i = 0; i < s->n_ports + sizeof(parts) / sizeof(parts[0]); i++) {
                r = i < s->n_ports ? remove_some(s, i, i + 1, 0)
                                   : remove_some(s, 0, 0, parts[i - s->n_ports]);
                result = r < 0 && r != -ENOENT ? r : result;
        }
        return result;
}

/* Brings the filters from `before` to `after`; when the table (or an element of it) is gone, restores it once. */
static int set_filters(const struct tenant_context *context, int state_fd, const struct state *before,
                       const struct state *after, struct tenant_error *error) {
        const struct tenant_port *refused;
        int r = change_filters(before, after, &refused);

        if (r == -ENOENT) {
                /* Many may start at once after boot: who waited for the lock finds the table there. */
                r = state_lock_exclusive(state_fd);
                r = r < 0 ? r : change_filters(before, after, &refused);
        }
        if (r == -ENOENT) {
                r = table_restore(state_fd, before, context->host, error);
                if (r < 0) {
                        return r;
                }
                r = change_filters(before, after, &refused);
        }
        if ((r == -EEXIST || r == -EBUSY) && refused) {
                return port_taken(state_fd, after, refused, error);
        }
        return r < 0 ? tenant_error_set(error, r, r == -ENOENT ? "HostNotReady" : "Failed",
                                        "Adding the filters of %s to table inet tenantd: %s", after->name,
                                        strerror(-r))
                     : 0;
}

static int state_failed(int r, struct tenant_error *error) {
        return tenant_error_set(error, r, "Failed", "Opening /run/tenantd/.network-routed: %s",
                                strerror(-r));
}

/*
 * After boot there is no table; to find that out by a refused transaction costs an RCU grace period, and all who start at once
 * would pay it one after the other. The first one loads it before the others get their lock. Later somebody may have flushed the rules
 * and left the sets, where adding elements succeeds: of those who see it the first one puts them back.
 */
static int open_for_attach(const struct tenant_context *context, struct tenant_error *error) {
        const struct state none = { .index = context->index };
        bool made;
        int fd = state_open_or_make(&made), r;

        if (fd < 0) {
                return state_failed(fd, error);
        }
        r = made ? 0 : filter_has_rules();
        if (r == 0 && !made) {
                r = state_lock_exclusive(fd);
                r = r < 0 ? r : filter_has_rules();
        }
        if (r < 0) {
                r = tenant_error_set(error, r, "Failed", "Looking at the filters: %s", strerror(-r));
        } else if (r == 0) {
                r = table_restore(fd, &none, context->host, error);
        }
        if (r < 0) {
                fd_close_p(&fd);
                return r;
        }
        return fd;
}

/* The ports are borrowed from the caller for as long as the state is used. */
static void state_of(const struct tenant_context *context, uint32_t a, const struct tenant_port *ports,
                     size_t n_ports, struct state *ret) {
        *ret = (struct state){ .index = context->index,
                               .address = a,
                               .ports = (struct tenant_port *) ports,
                               .n_ports = n_ports };
        snprintf(ret->name, sizeof(ret->name), "%s", context->name);
        for (enum limit i = 0; i < LIMIT_COUNT; i++) {
                const struct tenant_value *v = setting_value(context, SETTING_EGRESS + i);

                ret->limits[i] = !v || v->u64 == UINT64_MAX ? 0 : i <= LIMIT_INGRESS ? v->u64 / 8 : v->u64;
        }
}

static int check_host_ports(const struct state *before, const struct tenant_port *ports, size_t n_ports,
                            struct tenant_error *error) {
        for (size_t i = 0; i < n_ports; i++) {
                int r = has_port(before->ports, before->n_ports, &ports[i], false)
                                ? 0
                                : ports_check_host(&ports[i], 1, error);

                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

/*
 * The file first: who restores the table must know of this tenant before its first packet. On failure the earlier file comes
 * back, so that it never says more than the kernel holds.
 */
static int change(const struct tenant_context *context, int state_fd, const struct state *before,
                  const struct state *after, struct tenant_error *error) {
        int r = check_ports(after->ports, after->n_ports, error), r2;

        r = r < 0 ? r : check_host_ports(before, after->ports, after->n_ports, error);
        if (r < 0) {
                return r;
        }
        r = state_write(state_fd, after);
        if (r < 0) {
                return tenant_error_set(error, r, "Failed", "Writing /run/tenantd/.network-routed/tn%u: %s",
                                        after->index, strerror(-r));
        }
        r = set_filters(context, state_fd, before, after, error);
        if (r < 0) {
                r2 = before->address ? state_write(state_fd, before) : state_remove(state_fd, after->index);
                if (r2 < 0 && context->host->log) {
                        context->host->log(context->host->userdata, 4,
                                           "The network state could not be put back, ignoring");
                }
        }
        return r;
}

static int attach(const struct tenant_context *context, int netns_fd, const struct tenant_port *ports,
                  size_t n_ports, struct tenant_error *error) {
        _cleanup_(state_done) struct state earlier = {};
        _cleanup_close_ int state_fd = -1;
        const struct state none = { .index = context->index };
        struct state s;
        uint32_t a = 0;
        int r = address_need(context, &a, error);

        if (r < 0) {
                return r;
        }
        state_fd = open_for_attach(context, error);
        if (state_fd < 0) {
                return state_fd;
        }
        state_of(context, a, ports, n_ports, &s);
        if (state_read(state_fd, context->index, &earlier) == 0) {
                r = remove_filters(&earlier);
                if (r < 0) {
                        return tenant_error_set(error, r, "Failed",
                                                "Removing what an earlier life of %s left: %s",
                                                context->name, strerror(-r));
                }
        }
        r = change(context, state_fd, &none, &s, error);
        return r < 0 ? r : link_attach(context->index, a, netns_fd, error);
}

static int publish(const struct tenant_context *context, const struct tenant_port *ports, size_t n_ports,
                   struct tenant_error *error) {
        _cleanup_(state_done) struct state before = {};
        /* Not beside a release, which would go by what was there before, and leave the new ports of a tenant that stopped. */
        _cleanup_close_ int state_fd = state_open(true);
        struct state after;
        int r;

        if (state_fd < 0 && state_fd != -ENOENT) {
                return state_failed(state_fd, error);
        }
        r = state_fd < 0 ? state_fd : state_read(state_fd, context->index, &before);
        r = r < 0 ? r : keep_owned_ports(&before);
        if (r == -ENOENT) {
                return tenant_error_set(error, -ENODEV, "Failed",
                                        "Tenant %s is not attached: start it first", context->name);
        }
        state_of(context, before.address, ports, n_ports, &after);
        return change(context, state_fd, &before, &after, error);
}

static int usage(const struct tenant_context *context, struct tenant_network_usage *ret_usage,
                 struct tenant_error *error) {
        struct tenant_network_usage u;
        size_t size = ret_usage->struct_size && ret_usage->struct_size < sizeof(u) ? ret_usage->struct_size
                                                                                   : sizeof(u);
        int r = link_usage(context->index, &u);

        if (r < 0) {
                return tenant_error_set(error, r, "Failed", "Counters of tn%u: %s", context->index,
                                        strerror(-r));
        }
        u.struct_size = (uint32_t) size;
        memcpy(ret_usage, &u, size);
        return 0;
}

/* The link and its route go with the tenant's namespace; waiting for that would cost 20 ms. */
static int release(const struct tenant_context *context, struct tenant_error *error) {
        _cleanup_(state_done) struct state s = {};
        _cleanup_close_ int state_fd = state_open(false);
        int r;

        if (state_fd < 0) {
                return state_fd == -ENOENT ? 0 : state_failed(state_fd, error);
        }
        r = state_read(state_fd, context->index, &s);
        if (r == -ENOENT) {
                return 0;
        }
        r = r < 0 ? r : remove_filters(&s);
        if (r < 0) {
                return tenant_error_set(
                        error, r, "Failed",
                        "Removing the filters of %s: %s (the next start or stop of it tries again)",
                        context->name, strerror(-r));
        }
        r = state_remove(state_fd, context->index);
        return r < 0 ? tenant_error_set(error, r, "Failed", "Removing the network state of %s: %s",
                                        context->name, strerror(-r))
                     : 0;
}

/* intact */

static int note_attached(int fd, uint32_t index, void *userdata) {
        *(bool *) userdata = true;
        return 0;
}

static int intact(const struct tenant_host *host, struct tenant_error *error) {
        _cleanup_close_ int state_fd = state_open_unlocked(); /* who writes there may be busy */
        bool any_attached = false;
        int r;

        if (state_fd < 0 || state_each(state_fd, note_attached, &any_attached) < 0 || !any_attached) {
                return 0; /* the next attach looks for itself */
        }
        r = filter_has_rules();
        if (r < 0) {
                return tenant_error_set(error, r, "Failed", "Looking at the filters: %s", strerror(-r));
        }
        return r > 0 ? 0
                     : tenant_error_set(
                               error, -ENOENT, "HostNotReady",
                               "the filters of tenants (table inet tenantd) were flushed by somebody");
}

static int link_of(const struct tenant_context *context, uint32_t *ret_ifindex, struct tenant_error *error) {
        *ret_ifindex = link_ifindex(context->index);
        return 0;
}

/* A connection that was closed but not all sent keeps the tenant's namespace, and so the link, for as long as it likes to go on. */
static int forget(const struct tenant_context *context, struct tenant_error *error) {
        uint32_t a;
        int r = link_delete(context->index),
            r2 = address_remembered(context, &a) ? connections_forget(a) : 0;

        r = r < 0 ? r : r2;
        return r < 0 ? tenant_error_set(error, r, "Failed", "Forgetting the connections of %s: %s",
                                        context->name, strerror(-r))
                     : 0;
}

static const struct tenant_network_ops ops = {
        .struct_size = sizeof(ops),
        .allocate = address_allocate,
        .address = address_of,
        .attach = attach,
        .publish = publish,
        .usage = usage,
        .release = release,
        .intact = intact,
        .link = link_of,
        .forget = forget,
};

static const struct tenant_plugin plugin = {
        .struct_size = sizeof(plugin),
        .abi = TENANT_PLUGIN_ABI,
        .kind = TENANT_KIND_NETWORK,
        .priority = 50,
        .name = "routed",
        .version = TENANTD_VERSION,
        .summary = "a point-to-point link and an address of its own per tenant, filtered by nftables, "
                   "hidden behind the host",
        .settings = routed_settings,
        .n_settings = SETTING_COUNT,
        .probe = probe,
        .validate = settings_validate,
        .gc = collect,
        .ops = &ops,
};

TENANT_PLUGIN_NOTE(TENANT_KIND_NETWORK)

TENANT_PLUGIN_EXPORT const struct tenant_plugin *tenant_plugin_get_v0(void) {
        return &plugin;
}

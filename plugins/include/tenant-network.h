/* SPDX-License-Identifier: MIT */
/* tenant-network.h: operations of a network backend: how a tenant reaches others and others reach it. */
#pragma once

#include "tenant-plugin.h"
#include <netinet/in.h>

/* Ports of the host above are those that tenants' own connections leave by: none of them is published. */
#define TENANT_HOST_PORT_LAST 49151u

/* One published port: host port → port inside the tenant. */
struct tenant_port {
        uint8_t protocol; /* IPPROTO_TCP or IPPROTO_UDP */
        uint16_t host_port; /* host byte order; 1 to TENANT_HOST_PORT_LAST */
        uint16_t tenant_port; /* host byte order */
};

/* UINT64_MAX: not known. Seen from the tenant. */
struct tenant_network_usage {
        uint32_t struct_size;
        uint64_t received_bytes;
        uint64_t sent_bytes;
        uint64_t received_packets;
        uint64_t sent_packets;
};

struct tenant_network_ops {
        uint32_t struct_size;

        /*
         * allocate: choose what the tenant keeps for its life (its address), and remember() it. Must be a function of
         * context->index, the settings and `used`, so that two tenants can never get the same.
         *   When        CreateTenant, under the agent's allocation lock
         *   Context     worker; no side effect beyond remember()
         *   Ownership   used: the facts that this backend remembered for all other tenants, borrowed
         *   Errors      -EADDRINUSE AddressInUse, -EADDRNOTAVAIL NoSpace: the pool is used up
         *   Idempotent  yes: same input, same result
         *   If NULL     nothing to allocate
         */
        int (*allocate)(const struct tenant_context *context, const struct tenant_fact *used, size_t n_used,
                        struct tenant_error *error);

        /*
         * address: the tenant's IPv4 address on this backend, for certificates, DNS and endpoints.
         *   When any time after allocate   Context any, must not block   Errors -ENODATA: none   If NULL none
         */
        int (*address)(const struct tenant_context *context, struct in_addr *ret_address,
                       struct tenant_error *error);

        /*
         * attach: connect the tenant's network namespace and put all filters in place before the first packet can pass.
         *   When        every start, between clone and exec; runs beside the tenant's mounts
         *   Context     composer, in the host's network namespace; must return in it
         *   Ownership   netns_fd and ports stay the caller's
         *   Errors      -EADDRINUSE AddressInUse (a host port is taken), -ENOENT HostNotReady (module, table)
         *   Idempotent  yes: what an earlier life of the same tenant left is replaced
         *   If NULL     the plugin is refused
         */
        int (*attach)(const struct tenant_context *context, int netns_fd, const struct tenant_port *ports,
                      size_t n_ports, struct tenant_error *error);

        /*
         * publish: bring the set of published ports of a running tenant to exactly `ports`, and its other live settings to
         * the context's.
         *   When Set() of a live key, Docker port changes   Context worker   Errors as attach   Idempotent yes   If NULL NotSupported
         */
        int (*publish)(const struct tenant_context *context, const struct tenant_port *ports, size_t n_ports,
                       struct tenant_error *error);

        /*
         * usage: counters of a running tenant.
         *   When GetUsage()   Context agent: must not block   Errors -ENODEV not attached   Idempotent yes   If NULL not known
         */
        int (*usage)(const struct tenant_context *context, struct tenant_network_usage *ret_usage,
                     struct tenant_error *error);

        /*
         * release: undo of attach on the host: filters, maps, routes. Does not wait for the end of the network namespace:
         * devices whose other end is in it go with it.
         *   When every stop, and undo of a failed start   Context release   Errors -errno   Idempotent yes   If NULL nothing
         */
        int (*release)(const struct tenant_context *context, struct tenant_error *error);

        /*
         * intact: is what all attached tenants share on the host (tables, chains) still in force? An administrator may have
         * flushed it.
         *   When        the agent's start, and at most once a second while it is called
         *   Context     agent: must not block, no change is made
         *   Errors      -ENOENT HostNotReady: no; the agent then has gc put it back, at once
         *   Idempotent  yes
         *   If NULL     it is
         */
        int (*intact)(const struct tenant_host *host, struct tenant_error *error);

        /*
         * link: the index of the host's own device that leads to the tenant, for those who show it (machined).
         *   When between attach and release   Context any, must not block   Errors -ENODATA: none   If NULL none
         */
        int (*link)(const struct tenant_context *context, uint32_t *ret_ifindex, struct tenant_error *error);

        /*
         * forget: what the host still has of the tenant when all its processes are gone (link, open connections), which release does not
         *   wait for, and the address's next owner must not inherit.
         *   When        RemoveTenant(), before the allocation is given up; the tenant does not run and was released
         *   Context     worker
         *   Errors      -errno: the agent logs it and goes on
         *   Idempotent  yes
         *   If NULL     nothing
         */
        int (*forget)(const struct tenant_context *context, struct tenant_error *error);

        /*
         * fit: can it do what the definition asks of it, with these ports? `ports`: the published ones, the Docker port among them.
         *   When        CreateTenant, and Set of what matters to it, before anything is made or changed
         *   Context     worker; no side effect
         *   Ownership   ports stay the caller's
         *   Errors      -ENOTSUP NotSupported: it cannot; the message says what to change
         *   Idempotent  yes
         *   If NULL     it can
         */
        int (*fit)(const struct tenant_context *context, const struct tenant_port *ports, size_t n_ports,
                   struct tenant_error *error);
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* filter.h: elements of the sets and maps of table inet tenantd. One transaction per struct filter. */
#pragma once

#include "netlink.h"
#include "routed.h"

/* Begin with filter_begin, free with filter_done. Operations are numbered from 0 in the order they are put. */
struct filter {
        struct batch batch;
        const char *comment; /* borrowed; the tenant's name, for readers of `nft list` */
};

enum filter_verb {
        FILTER_ADD, /* fine when the same element is there; -EBUSY or -EEXIST when its key leads elsewhere */
        FILTER_REMOVE, /* -ENOENT when it is not there */
};

void filter_begin(struct filter *f, const char *comment);
void filter_done(struct filter *f);

/* Interface tn<index> may send from `address`. */
void filter_source(struct filter *f, enum filter_verb verb, uint32_t index, uint32_t address);

/* Host port leads to `address`. */
void filter_port(struct filter *f, enum filter_verb verb, const struct tenant_port *port, uint32_t address);

/*
 * Interface tn<index> may have `rate` bytes or packets a second. One that is there already keeps its rate: remove it before. Removing
 * is fine when it is not there.
 */
void filter_limit(struct filter *f, enum filter_verb verb, uint32_t index, enum limit limit, uint64_t rate);

/*
 * Adds all that are not 0. Removes all there may be: of a process that was killed on its way the state file says what it wanted, not
 * what is there.
 */
void filter_limits(struct filter *f, enum filter_verb verb, uint32_t index,
                   const uint64_t limits[static LIMIT_COUNT]);

/* All or nothing. -ENOENT also means: no such table. *ret_operation (may be NULL): the one that was refused first. */
int filter_commit(struct filter *f, size_t *ret_operation) _must_check_;

/* Does the host port lead to `address` now? -ENOENT: it leads nowhere, -EBUSY: elsewhere. */
int filter_port_owned(const struct tenant_port *port, uint32_t address) _must_check_;

/*
 * Each element found, for gc. A source is in index and address, a limit in index and limit; of a port the key is in port, and address
 * is where it leads.
 */
struct filter_element {
        enum filter_kind {
                FILTER_SOURCE,
                FILTER_LIMIT,
                FILTER_PORT,
        } kind;
        enum limit limit;
        uint32_t index;
        uint32_t address;
        struct tenant_port port;
};

/* Lists all elements. 0, also when there is no table; negative errno; or what the callback returned below 0. */
int filter_list(int (*callback)(const struct filter_element *element, void *userdata), void *userdata)
        _must_check_;

/* Does the table have rules? 1: yes, 0: no, or there is no such table. */
int filter_has_rules(void) _must_check_;

/* Does the kernel have nf_tables? Changes nothing. -EOPNOTSUPP and the like: no. */
int filter_probe(void) _must_check_;

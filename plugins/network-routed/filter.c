/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * filter.c: see filter.h. Speaks nf_tables by libnftnl and libmnl; knows the names and key layouts of tenantd.nft, never its
 * rules. Refuses to create tables, sets or rules: that is tenantd.nft's (table.c). Owned by attach, publish, release and gc.
 */
#include "filter.h"
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#define TABLE "tenantd"
#define SET_SOURCE "source"

/* A packet may be as long as 64 KiB on a link like ours, and would never pass a smaller bucket. */
#define BURST_BYTES (128u << 10)
#define BURST_PART 10u /* of the packets of a second */

/* Concatenations pad each part to 4 bytes, interface names to IFNAMSIZ; addresses and ports are in network byte order. */
struct source_key {
        char interface[IFNAMSIZ];
        uint32_t address;
};

struct port_data {
        uint32_t address;
        uint16_t port;
        uint16_t padding;
};

static void set_free_p(struct nftnl_set **s) {
        if (*s) {
                nftnl_set_free(*s);
        }
}

static void elem_free_p(struct nftnl_set_elem **e) {
        if (*e) {
                nftnl_set_elem_free(*e);
        }
}

static void rule_free_p(struct nftnl_rule **r) {
        if (*r) {
                nftnl_rule_free(*r);
        }
}

static void udata_free_p(struct nftnl_udata_buf **u) {
        if (*u) {
                nftnl_udata_buf_free(*u);
        }
}

static const char *port_map(uint8_t protocol) {
        return protocol == IPPROTO_UDP ? "publish_udp" : "publish_tcp";
}

/* Begin and end of a transaction look the same but for the type. */
static void put_bracket(struct batch *b, uint16_t type) {
        struct nlmsghdr *m = batch_put(b, type, 0);
        struct nfgenmsg *i = mnl_nlmsg_put_extra_header(m, sizeof(*i));

        i->nfgen_family = AF_UNSPEC;
        i->version = NFNETLINK_V0;
        i->res_id = htons(NFNL_SUBSYS_NFTABLES);
        batch_end(b, m);
}

void filter_begin(struct filter *f, const char *comment) {
        *f = (struct filter){ .comment = comment };
        put_bracket(&f->batch, NFNL_MSG_BATCH_BEGIN);
}

void filter_done(struct filter *f) {
        batch_done(&f->batch);
}

static struct nftnl_set *set_new(const char *name) {
        struct nftnl_set *set = nftnl_set_alloc();

        if (set && (nftnl_set_set_str(set, NFTNL_SET_TABLE, TABLE) < 0 ||
                    nftnl_set_set_str(set, NFTNL_SET_NAME, name) < 0)) {
                nftnl_set_free(set);
                return NULL;
        }
        return set;
}

static int elem_comment(struct nftnl_set_elem *elem, const char *comment) {
        _cleanup_(udata_free_p) struct nftnl_udata_buf *u = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);

        if (!u || !nftnl_udata_put_strz(u, NFTNL_UDATA_SET_ELEM_COMMENT, comment)) {
                return -ENOMEM;
        }
        return nftnl_set_elem_set(elem, NFTNL_SET_ELEM_USERDATA, nftnl_udata_buf_data(u),
                                  nftnl_udata_buf_len(u));
}

static void put_element(struct filter *f, enum filter_verb verb, const char *set_name,
                        struct nftnl_set_elem **elem) {
        _cleanup_(set_free_p) struct nftnl_set *set = set_new(set_name);
        struct nlmsghdr *m;

        if (!set || (verb == FILTER_ADD && f->comment && elem_comment(*elem, f->comment) < 0)) {
                f->error = -ENOMEM;
                return;
        }
        nftnl_set_elem_add(set, *elem);
        *elem = NULL; /* the set's now */
        m = batch_put(&f->batch,
                      (NFNL_SUBSYS_NFTABLES << 8) |
                              (verb == FILTER_ADD ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM),
                      verb == FILTER_ADD ? NLM_F_CREATE : 0);
        ((struct nfgenmsg *) mnl_nlmsg_put_extra_header(m, sizeof(struct nfgenmsg)))->nfgen_family =
                NFPROTO_INET;
        nftnl_set_elems_nlmsg_build_payload(m, set);
        batch_end(&f->batch, m);
}

void filter_source(struct filter *f, enum filter_verb verb, uint32_t index, uint32_t address) {
        _cleanup_(elem_free_p) struct nftnl_set_elem *elem = nftnl_set_elem_alloc();
        struct source_key key = { .address = htonl(address) };

        interface_name(index, key.interface);
        if (!elem || nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY, &key, sizeof(key)) < 0) {
                f->error = -ENOMEM;
                return;
        }
        put_element(f, verb, SET_SOURCE, &elem);
}

void filter_port(struct filter *f, enum filter_verb verb, const struct tenant_port *port, uint32_t address) {
        _cleanup_(elem_free_p) struct nftnl_set_elem *elem = nftnl_set_elem_alloc();
        struct port_data data = { .address = htonl(address), .port = htons(port->tenant_port) };
        uint16_t key = htons(port->host_port);

        if (!elem || nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY, &key, sizeof(key)) < 0 ||
            nftnl_set_elem_set(elem, NFTNL_SET_ELEM_DATA, &data, sizeof(data)) < 0) {
                f->error = -ENOMEM;
                return;
        }
        put_element(f, verb, port_map(port->protocol), &elem);
}

/* NULL: memory was short. */
static struct nftnl_expr *limit_expression(enum limit limit, uint64_t rate) {
        struct nftnl_expr *e = nftnl_expr_alloc("limit");
        bool packets = limit == LIMIT_EGRESS_PACKETS || limit == LIMIT_INGRESS_PACKETS;

        if (e) {
                nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_RATE, rate);
                nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_UNIT, 1); /* second */
                nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_BURST,
                                   packets ? (uint32_t) (rate / BURST_PART) : BURST_BYTES);
                nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_TYPE, packets ? NFT_LIMIT_PKTS : NFT_LIMIT_PKT_BYTES);
                nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_FLAGS, NFT_LIMIT_F_INV); /* rate over */
        }
        return e;
}

static void put_limit(struct filter *f, enum filter_verb verb, uint32_t index, enum limit limit,
                      uint64_t rate) {
        _cleanup_(elem_free_p) struct nftnl_set_elem *elem = nftnl_set_elem_alloc();
        struct nftnl_expr *expression = verb == FILTER_ADD ? limit_expression(limit, rate) : NULL;
        char key[IFNAMSIZ] = {};

        interface_name(index, key);
        if (elem && expression) {
                nftnl_set_elem_add_expr(elem, expression); /* the element's now */
        } else if (expression) {
                nftnl_expr_free(expression);
        }
        if (!elem || (verb == FILTER_ADD && !expression) ||
            nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY, key, sizeof(key)) < 0) {
                f->error = -ENOMEM;
                return;
        }
        put_element(f, verb, limit_name(limit), &elem);
}

/* What is to go is added first, which does nothing if it is there: before 6.3 the kernel refuses to remove what is not. */
void filter_limit(struct filter *f, enum filter_verb verb, uint32_t index, enum limit limit, uint64_t rate) {
        put_limit(f, FILTER_ADD, index, limit, rate > 0 ? rate : 1);
        if (verb == FILTER_REMOVE) {
                put_limit(f, FILTER_REMOVE, index, limit, 0);
        }
}

void filter_limits(struct filter *f, enum filter_verb verb, uint32_t index,
                   const uint64_t limits[static LIMIT_COUNT]) {
        for (enum limit i = 0; i < LIMIT_COUNT; i++) {
                if (limits[i] > 0) {
                        filter_limit(f, verb, index, i, limits[i]);
                }
        }
}

int filter_commit(struct filter *f, size_t *ret_operation) {
        _cleanup_netfilter_ int fd = -1;
        uint32_t message = 0;
        int r;

        if (f->error < 0) {
                return f->error;
        }
        if (f->batch.n < 2) {
                return 0;
        }
        f->batch.await = f->batch.n;
        put_bracket(&f->batch, NFNL_MSG_BATCH_END);
        fd = netlink_open(NETLINK_NETFILTER);
        if (fd < 0) {
                return fd;
        }
        r = batch_send(&f->batch, fd, &message);
        if (ret_operation) {
                *ret_operation = message >= 2 ? message - 2 : SIZE_MAX;
        }
        return r;
}

struct listing {
        enum filter_kind kind;
        enum limit limit;
        uint8_t protocol; /* of ports */
        int (*callback)(const struct filter_element *element, void *userdata);
        void *userdata;
};

static bool port_read(const void *key, size_t size, const void *data, size_t data_size,
                      const struct listing *listing, struct filter_element *ret) {
        struct port_data target;
        uint16_t port;

        if (!key || !data || size < sizeof(port) || data_size < sizeof(target)) {
                return false;
        }
        memcpy(&port, key, sizeof(port));
        memcpy(&target, data, sizeof(target));
        ret->address = ntohl(target.address);
        ret->port = (struct tenant_port){ listing->protocol, ntohs(port), ntohs(target.port) };
        return true;
}

static bool element_read(struct nftnl_set_elem *e, const struct listing *listing,
                         struct filter_element *ret) {
        uint32_t size = 0, data_size = 0;
        const void *key = nftnl_set_elem_get(e, NFTNL_SET_ELEM_KEY, &size), *data;
        struct source_key source;

        *ret = (struct filter_element){ .kind = listing->kind, .limit = listing->limit };
        switch (listing->kind) {
        case FILTER_SOURCE:
                if (!key || size < sizeof(source)) {
                        return false;
                }
                memcpy(&source, key, sizeof(source));
                ret->address = ntohl(source.address);
                return sscanf(source.interface, "tn%8u", &ret->index) == 1;
        case FILTER_LIMIT:
                return key && size == IFNAMSIZ && sscanf(key, "tn%8u", &ret->index) == 1;
        case FILTER_PORT:
                data = nftnl_set_elem_get(e, NFTNL_SET_ELEM_DATA, &data_size);
                return port_read(key, size, data, data_size, listing, ret);
        }
        return false;
}

struct each {
        struct listing *listing;
        int error;
};

static int each_element(struct nftnl_set_elem *e, void *userdata) {
        struct each *each = userdata;
        struct filter_element element;

        if (each->error == 0 && element_read(e, each->listing, &element)) {
                each->error = each->listing->callback(&element, each->listing->userdata);
        }
        return 0;
}

static int each_answer(const struct nlmsghdr *answer, void *userdata) {
        _cleanup_(set_free_p) struct nftnl_set *set = nftnl_set_alloc();
        struct each each = { .listing = userdata };

        if (!set || nftnl_set_elems_nlmsg_parse(answer, set) < 0) {
                errno = set ? EBADMSG : ENOMEM;
                return MNL_CB_ERROR;
        }
        nftnl_set_elem_foreach(set, each_element, &each);
        if (each.error < 0) {
                errno = -each.error;
                return MNL_CB_ERROR;
        }
        return MNL_CB_OK;
}

static int list_set(const char *name, struct listing *listing) {
        _cleanup_(set_free_p) struct nftnl_set *set = set_new(name);
        _cleanup_netfilter_ int fd = netlink_open(NETLINK_NETFILTER);
        uint8_t request[BATCH_MESSAGE_MAX] __attribute__((aligned(8))) = {};
        struct nlmsghdr *m;
        int r;

        if (!set || fd < 0) {
                return fd < 0 ? fd : -ENOMEM;
        }
        m = nftnl_nlmsg_build_hdr((char *) request, NFT_MSG_GETSETELEM, NFPROTO_INET, NLM_F_DUMP, 1);
        nftnl_set_elems_nlmsg_build_payload(m, set);
        r = netlink_query(fd, m, each_answer, listing);
        return r == -ENOENT ? 0 : r;
}

int filter_list(int (*callback)(const struct filter_element *element, void *userdata), void *userdata) {
        struct listing listing = { .kind = FILTER_SOURCE, .callback = callback, .userdata = userdata };
        static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
        int r = list_set(SET_SOURCE, &listing);

        listing.kind = FILTER_LIMIT;
        for (listing.limit = 0; r >= 0 && listing.limit < LIMIT_COUNT; listing.limit++) {
                r = list_set(limit_name(listing.limit), &listing);
        }
        listing.kind = FILTER_PORT;
        for (size_t i = 0; r >= 0 && i < sizeof(protocols); i++) {
                listing.protocol = protocols[i];
                r = list_set(port_map(protocols[i]), &listing);
        }
        return r;
}

static int note_address(const struct filter_element *element, void *userdata) {
        *(uint32_t *) userdata = element->address;
        return 0;
}

static int stop_after_answer(const struct nlmsghdr *answer, void *userdata) {
        int r = each_answer(answer, userdata);

        return r == MNL_CB_OK ? MNL_CB_STOP : r;
}

int filter_port_owned(const struct tenant_port *port, uint32_t address) {
        _cleanup_(elem_free_p) struct nftnl_set_elem *elem = nftnl_set_elem_alloc();
        _cleanup_(set_free_p) struct nftnl_set *set = set_new(port_map(port->protocol));
        _cleanup_netfilter_ int fd = netlink_open(NETLINK_NETFILTER);
        uint8_t request[BATCH_MESSAGE_MAX] __attribute__((aligned(8))) = {};
        uint16_t key = htons(port->host_port);
        uint32_t found = 0;
        struct listing listing = {
                .kind = FILTER_PORT, .protocol = port->protocol, .callback = note_address, .userdata = &found
        };
        struct nlmsghdr *m;
        int r;

        if (!elem || !set || fd < 0 || nftnl_set_elem_set(elem, NFTNL_SET_ELEM_KEY, &key, sizeof(key)) < 0) {
                return fd < 0 ? fd : -ENOMEM;
        }
        nftnl_set_elem_add(set, elem);
        elem = NULL; /* the set's now */
        m = nftnl_nlmsg_build_hdr((char *) request, NFT_MSG_GETSETELEM, NFPROTO_INET, 0, 1);
        nftnl_set_elems_nlmsg_build_payload(m, set);
        r = netlink_query(fd, m, stop_after_answer, &listing);
        return r < 0 ? r : found == address ? 0 : -EBUSY;
}

static int note_rule(const struct nlmsghdr *answer, void *userdata) {
        *(bool *) userdata = true;
        return MNL_CB_STOP;
}

int filter_has_rules(void) {
        _cleanup_(rule_free_p) struct nftnl_rule *rule = nftnl_rule_alloc();
        _cleanup_netfilter_ int fd = netlink_open(NETLINK_NETFILTER);
        uint8_t request[BATCH_MESSAGE_MAX] __attribute__((aligned(8))) = {};
        bool found = false;
        struct nlmsghdr *m;
        int r;

        if (!rule || fd < 0 || nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, TABLE) < 0) {
                return fd < 0 ? fd : -ENOMEM;
        }
        m = nftnl_nlmsg_build_hdr((char *) request, NFT_MSG_GETRULE, NFPROTO_INET, NLM_F_DUMP, 1);
        nftnl_rule_nlmsg_build_payload(m, rule);
        r = netlink_query(fd, m, note_rule, &found);
        return r < 0 && r != -ENOENT ? r : found;
}

static int ignore_answer(const struct nlmsghdr *answer, void *userdata) {
        return MNL_CB_STOP;
}

int filter_probe(void) {
        _cleanup_netfilter_ int fd = netlink_open(NETLINK_NETFILTER);
        uint8_t request[64] __attribute__((aligned(8))) = {};
        struct nlmsghdr *m;

        if (fd < 0) {
                return fd;
        }
        m = nftnl_nlmsg_build_hdr((char *) request, NFT_MSG_GETGEN, NFPROTO_UNSPEC, 0, 1);
        return netlink_query(fd, m, ignore_answer, NULL);
}

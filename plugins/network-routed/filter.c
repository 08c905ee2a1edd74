/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * filter.c: see filter.h. Speaks nf_tables by libmnl (libnftnl knows much more, and loading it is a tenth of a start); knows the names
 * and key layouts of tenantd.nft, never its rules. Refuses to create tables, sets or rules: that is tenantd.nft's (table.c). Owned by
 * attach, publish, release and gc.
 */
#include "filter.h"
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#define TABLE "tenantd"
#define SET_SOURCE "source"
#define CHAIN_STAY "stay"

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

static const char *port_map(uint8_t protocol) {
        return protocol == IPPROTO_UDP ? "publish_udp" : "publish_tcp";
}

/* What each message of the netfilter family begins with. */
static struct nfgenmsg *put_header(struct nlmsghdr *m, uint8_t family) {
        struct nfgenmsg *n = mnl_nlmsg_put_extra_header(m, sizeof(*n));

        n->nfgen_family = family;
        n->version = NFNETLINK_V0;
        return n;
}

/* Begin and end of a transaction look the same but for the type. */
static void put_bracket(struct batch *b, uint16_t type) {
        struct nlmsghdr *m = batch_put(b, type, 0);

        put_header(m, AF_UNSPEC)->res_id = htons(NFNL_SUBSYS_NFTABLES);
        batch_end(b, m);
}

void filter_begin(struct filter *f, const char *comment) {
        *f = (struct filter){ .comment = comment };
        put_bracket(&f->batch, NFNL_MSG_BATCH_BEGIN);
}

void filter_done(struct filter *f) {
        batch_done(&f->batch);
}

/* What belongs to one key of a set or map. */
struct entry {
        const void *key, *data; /* data: NULL in a set */
        uint16_t key_size, data_size;
        uint64_t rate; /* 0: no limit */
        bool packets; /* what the rate counts */
};

static void put_value(struct nlmsghdr *m, uint16_t type, const void *value, uint16_t size) {
        struct nlattr *nest = mnl_attr_nest_start(m, type);

        mnl_attr_put(m, NFTA_DATA_VALUE, size, value);
        mnl_attr_nest_end(m, nest);
}

/* As nft(8) writes it: one attribute of user data, of type 0. */
static void put_comment(struct nlmsghdr *m, const char *comment) {
        struct {
                uint8_t type, size;
                char text[NFT_USERDATA_MAXLEN - 2];
        } user = {};
        size_t size = strnlen(comment, sizeof(user.text) - 2) + 1;

        memcpy(user.text, comment, size - 1);
        user.size = (uint8_t) size;
        mnl_attr_put(m, NFTA_SET_ELEM_USERDATA, size + 2, &user);
}

static void put_rate(struct nlmsghdr *m, uint64_t rate, bool packets) {
        struct nlattr *expression = mnl_attr_nest_start(m, NFTA_SET_ELEM_EXPR), *data;

        mnl_attr_put_strz(m, NFTA_EXPR_NAME, "limit");
        data = mnl_attr_nest_start(m, NFTA_EXPR_DATA);
        mnl_attr_put_u64(m, NFTA_LIMIT_RATE, htobe64(rate));
        mnl_attr_put_u64(m, NFTA_LIMIT_UNIT, htobe64(1)); /* second */
        mnl_attr_put_u32(m, NFTA_LIMIT_BURST, htonl(packets ? (uint32_t) (rate / BURST_PART) : BURST_BYTES));
        mnl_attr_put_u32(m, NFTA_LIMIT_TYPE, htonl(packets ? NFT_LIMIT_PKTS : NFT_LIMIT_PKT_BYTES));
        mnl_attr_put_u32(m, NFTA_LIMIT_FLAGS, htonl(NFT_LIMIT_F_INV)); /* rate over */
        mnl_attr_nest_end(m, data);
        mnl_attr_nest_end(m, expression);
}

static void put_entry(struct nlmsghdr *m, const char *set, const struct entry *e, const char *comment) {
        struct nlattr *list, *nest;

        put_header(m, NFPROTO_INET);
        mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_TABLE, TABLE);
        mnl_attr_put_strz(m, NFTA_SET_ELEM_LIST_SET, set);
        if (!e) {
                return;
        }
        list = mnl_attr_nest_start(m, NFTA_SET_ELEM_LIST_ELEMENTS);
        nest = mnl_attr_nest_start(m, NFTA_LIST_ELEM);
        put_value(m, NFTA_SET_ELEM_KEY, e->key, e->key_size);
        if (e->data) {
                put_value(m, NFTA_SET_ELEM_DATA, e->data, e->data_size);
        }
        if (comment) {
                put_comment(m, comment);
        }
        if (e->rate > 0) {
                put_rate(m, e->rate, e->packets);
        }
        mnl_attr_nest_end(m, nest);
        mnl_attr_nest_end(m, list);
}

static uint16_t message_type(uint16_t type) {
        return (uint16_t) ((NFNL_SUBSYS_NFTABLES << 8) | type);
}

static void put_element(struct filter *f, enum filter_verb verb, const char *set, const struct entry *e) {
        struct nlmsghdr *m = batch_put(
                &f->batch, message_type(verb == FILTER_ADD ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM),
                verb == FILTER_ADD ? NLM_F_CREATE : 0);

        put_entry(m, set, e, verb == FILTER_ADD ? f->comment : NULL);
        batch_end(&f->batch, m);
}

void filter_source(struct filter *f, enum filter_verb verb, uint32_t index, uint32_t address) {
        struct source_key key = { .address = htonl(address) };

        interface_name(index, key.interface);
        put_element(f, verb, SET_SOURCE, &(struct entry){ .key = &key, .key_size = sizeof(key) });
}

void filter_port(struct filter *f, enum filter_verb verb, const struct tenant_port *port, uint32_t address) {
        struct port_data data = { .address = htonl(address), .port = htons(port->tenant_port) };
        uint16_t key = htons(port->host_port);

        put_element(
                f, verb, port_map(port->protocol),
                &(struct entry){
                        .key = &key, .key_size = sizeof(key), .data = &data, .data_size = sizeof(data) });
}

static void put_limit(struct filter *f, enum filter_verb verb, uint32_t index, enum limit limit,
                      uint64_t rate) {
        char key[IFNAMSIZ] = {};

        interface_name(index, key);
        put_element(f, verb, limit_name(limit),
                    &(struct entry){ .key = key,
                                     .key_size = sizeof(key),
                                     .rate = verb == FILTER_ADD ? rate : 0,
                                     .packets = limit == LIMIT_EGRESS_PACKETS ||
                                                limit == LIMIT_INGRESS_PACKETS });
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
                if (limits[i] > 0 || verb == FILTER_REMOVE) {
                        filter_limit(f, verb, index, i, limits[i]);
                }
        }
}

int filter_commit(struct filter *f, size_t *ret_operation) {
        _cleanup_netfilter_ int fd = -1;
        uint32_t message = 0;
        int r;

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

/* The value in a nested attribute; NULL: none, or too short. */
static const void *value_of(const struct nlattr *nest, size_t *ret_size) {
        const struct nlattr *a;

        *ret_size = 0;
        if (!nest) {
                return NULL;
        }
        mnl_attr_for_each_nested(a, nest) {
                if (mnl_attr_get_type(a) == NFTA_DATA_VALUE) {
                        *ret_size = mnl_attr_get_payload_len(a);
                        return mnl_attr_get_payload(a);
                }
        }
        return NULL;
}

static bool element_read(const struct nlattr *key_nest, const struct nlattr *data_nest,
                         const struct listing *listing, struct filter_element *ret) {
        size_t size, data_size;
        const void *key = value_of(key_nest, &size), *data = value_of(data_nest, &data_size);
        struct source_key source;
        char interface[IFNAMSIZ + 1] = "";

        *ret = (struct filter_element){ .kind = listing->kind, .limit = listing->limit };
        switch (listing->kind) {
        case FILTER_SOURCE:
                if (!key || size < sizeof(source)) {
                        return false;
                }
                memcpy(&source, key, sizeof(source));
                memcpy(interface, source.interface, IFNAMSIZ);
                ret->address = ntohl(source.address);
                return sscanf(interface, "tn%8u", &ret->index) == 1;
        case FILTER_LIMIT:
                if (!key || size != IFNAMSIZ) {
                        return false;
                }
                memcpy(interface, key, IFNAMSIZ);
                return sscanf(interface, "tn%8u", &ret->index) == 1;
        case FILTER_PORT:
                return port_read(key, size, data, data_size, listing, ret);
        }
        return false;
}

static int each_element(const struct nlattr *element, struct listing *listing) {
        const struct nlattr *a, *key = NULL, *data = NULL;
        struct filter_element found;

        mnl_attr_for_each_nested(a, element) {
                key = mnl_attr_get_type(a) == NFTA_SET_ELEM_KEY ? a : key;
                data = mnl_attr_get_type(a) == NFTA_SET_ELEM_DATA ? a : data;
        }
        return element_read(key, data, listing, &found) ? listing->callback(&found, listing->userdata) : 0;
}

static int each_answer(const struct nlmsghdr *answer, void *userdata) {
        const struct nlattr *a, *element;

        mnl_attr_for_each(a, answer, sizeof(struct nfgenmsg)) {
                if (mnl_attr_get_type(a) != NFTA_SET_ELEM_LIST_ELEMENTS) {
                        continue;
                }
                mnl_attr_for_each_nested(element, a) {
                        int r = each_element(element, userdata);

                        if (r < 0) {
                                errno = -r;
                                return MNL_CB_ERROR;
                        }
                }
        }
        return MNL_CB_OK;
}

/* A question in a buffer of the caller's, of BATCH_MESSAGE_MAX bytes. */
static struct nlmsghdr *question(void *buffer, uint16_t type, uint16_t flags) {
        struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);

        m->nlmsg_type = message_type(type);
        m->nlmsg_flags = NLM_F_REQUEST | flags;
        m->nlmsg_seq = 1;
        return m;
}

static int list_set(const char *name, struct listing *listing) {
        _cleanup_netfilter_ int fd = netlink_open(NETLINK_NETFILTER);
        uint8_t request[BATCH_MESSAGE_MAX] __attribute__((aligned(8))) = {};
        struct nlmsghdr *m = question(request, NFT_MSG_GETSETELEM, NLM_F_DUMP);
        int r;

        if (fd < 0) {
                return fd;
        }
        put_entry(m, name, NULL, NULL);
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
        _cleanup_netfilter_ int fd = netlink_open(NETLINK_NETFILTER);
        uint8_t request[BATCH_MESSAGE_MAX] __attribute__((aligned(8))) = {};
        struct nlmsghdr *m = question(request, NFT_MSG_GETSETELEM, 0);
        uint16_t key = htons(port->host_port);
        uint32_t found = 0;
        struct listing listing = {
                .kind = FILTER_PORT, .protocol = port->protocol, .callback = note_address, .userdata = &found
        };
        int r;

        if (fd < 0) {
                return fd;
        }
        put_entry(m, port_map(port->protocol), &(struct entry){ .key = &key, .key_size = sizeof(key) },
                  NULL);
        r = netlink_query(fd, m, stop_after_answer, &listing);
        return r < 0 ? r : found == address ? 0 : -EBUSY;
}

static int note_rules(const struct nlmsghdr *answer, void *userdata) {
        const struct nlattr *a;

        mnl_attr_for_each(a, answer, sizeof(struct nfgenmsg)) {
                if (mnl_attr_get_type(a) == NFTA_CHAIN_USE) {
                        *(bool *) userdata = mnl_attr_get_u32(a) != 0;
                }
        }
        return MNL_CB_STOP;
}

/* One chain that nothing jumps to, so that its uses are its rules: a list of rules would be long. */
int filter_has_rules(void) {
        _cleanup_netfilter_ int fd = netlink_open(NETLINK_NETFILTER);
        uint8_t request[BATCH_MESSAGE_MAX] __attribute__((aligned(8))) = {};
        struct nlmsghdr *m = question(request, NFT_MSG_GETCHAIN, 0);
        bool found = false;
        int r;

        if (fd < 0) {
                return fd;
        }
        put_header(m, NFPROTO_INET);
        mnl_attr_put_strz(m, NFTA_CHAIN_TABLE, TABLE);
        mnl_attr_put_strz(m, NFTA_CHAIN_NAME, CHAIN_STAY);
        r = netlink_query(fd, m, note_rules, &found);
        return r < 0 && r != -ENOENT ? r : found;
}

static int ignore_answer(const struct nlmsghdr *answer, void *userdata) {
        return MNL_CB_STOP;
}

int filter_probe(void) {
        _cleanup_netfilter_ int fd = netlink_open(NETLINK_NETFILTER);
        uint8_t request[BATCH_MESSAGE_MAX] __attribute__((aligned(8))) = {};
        struct nlmsghdr *m = question(request, NFT_MSG_GETGEN, 0);

        if (fd < 0) {
                return fd;
        }
        put_header(m, NFPROTO_UNSPEC);
        return netlink_query(fd, m, ignore_answer, NULL);
}

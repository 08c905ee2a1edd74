/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * connections.c: see connections.h. Asks for those of one address, which the kernel sorts out itself (CTA_FILTER of a dump, Linux 5.8;
 * of a deletion only years later), and deletes each. Refuses to say less than an address: the kernel takes that for all there are.
 * Owned by forget.
 */
#include "connections.h"
#include "netlink.h"
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

/* Bits of CTA_FILTER_ORIG_FLAGS and CTA_FILTER_REPLY_FLAGS; no header of the kernel's has them (net/netfilter/nf_internals.h). */
#define FILTER_SOURCE_ADDRESS (1u << 0)

/* What fits into a socket's buffer with room to spare. */
#define DELETIONS_SIZE (64u << 10)

struct forgetting {
        int fd; /* for deletions, beside the one of the dump */
        struct batch deletions;
};

static uint16_t message_type(uint16_t type) {
        return (uint16_t) ((NFNL_SUBSYS_CTNETLINK << 8) | type);
}

static void put_header(struct nlmsghdr *m) {
        struct nfgenmsg *n = mnl_nlmsg_put_extra_header(m, sizeof(*n));

        n->nfgen_family = AF_INET;
        n->version = NFNETLINK_V0;
}

/* One that has ended by itself meanwhile is as well. */
static int delete_noted(struct forgetting *f) {
        int r = f->deletions.n > 0 ? batch_send(&f->deletions, f->fd, NULL) : 0;

        batch_done(&f->deletions);
        f->deletions = (struct batch){};
        return r == -ENOENT ? 0 : r;
}

/* By all that tells it from one that takes its place: the tuple, its zone and its number. */
static int note_connection(const struct nlmsghdr *answer, void *userdata) {
        struct forgetting *f = userdata;
        struct nlmsghdr *m = batch_put(&f->deletions, message_type(IPCTNL_MSG_CT_DELETE), 0);
        const struct nlattr *a;
        int r = 0;

        put_header(m);
        mnl_attr_for_each(a, answer, sizeof(struct nfgenmsg)) {
                uint16_t type = mnl_attr_get_type(a), size = mnl_attr_get_payload_len(a);

                if (type == CTA_TUPLE_ORIG || type == CTA_ZONE || type == CTA_ID) {
                        mnl_attr_put(m, type == CTA_TUPLE_ORIG ? type | NLA_F_NESTED : type, size,
                                     mnl_attr_get_payload(a));
                }
        }
        batch_end(&f->deletions, m);
        if (f->deletions.used >= DELETIONS_SIZE) {
                r = delete_noted(f);
        }
        errno = -r;
        return r < 0 ? MNL_CB_ERROR : MNL_CB_OK;
}

/* The source of a connection's own packets, or of the answers. */
static void put_filter(struct nlmsghdr *m, uint16_t tuple, uint16_t flags, uint32_t address) {
        struct nlattr *nest = mnl_attr_nest_start(m, tuple), *ip = mnl_attr_nest_start(m, CTA_TUPLE_IP);

        mnl_attr_put_u32(m, CTA_IP_V4_SRC, htonl(address));
        mnl_attr_nest_end(m, ip);
        mnl_attr_nest_end(m, nest);
        nest = mnl_attr_nest_start(m, CTA_FILTER);
        mnl_attr_put_u32(m, flags, FILTER_SOURCE_ADDRESS);
        mnl_attr_nest_end(m, nest);
}

static int forget_side(struct forgetting *f, uint16_t tuple, uint16_t flags, uint32_t address) {
        _cleanup_netfilter_ int fd = netlink_open(NETLINK_NETFILTER);
        uint8_t request[BATCH_MESSAGE_MAX] __attribute__((aligned(8))) = {};
        struct nlmsghdr *m = mnl_nlmsg_put_header(request);
        int r;

        if (fd < 0) {
                return fd;
        }
        m->nlmsg_type = message_type(IPCTNL_MSG_CT_GET);
        m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
        m->nlmsg_seq = 1;
        put_header(m);
        put_filter(m, tuple, flags, address);
        r = netlink_query(fd, m, note_connection, f);
        return r < 0 ? r : delete_noted(f);
}

int connections_forget(uint32_t address) {
        _cleanup_netfilter_ int fd = netlink_open(NETLINK_NETFILTER);
        struct forgetting f = { .fd = fd };
        int r, r2;

        if (fd < 0) {
                return fd;
        }
        r = forget_side(&f, CTA_TUPLE_ORIG, CTA_FILTER_ORIG_FLAGS, address);
        r2 = forget_side(&f, CTA_TUPLE_REPLY, CTA_FILTER_REPLY_FLAGS, address);
        batch_done(&f.deletions);
        return r < 0 ? r : r2;
}

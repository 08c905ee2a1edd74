/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* routed.h: what the files of this backend share. */
#pragma once

#include "tenant-network.h"
#include <dirent.h>
#include <net/if.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _must_check_ __attribute__((warn_unused_result))

static inline void fd_close_p(int *fd) {
        if (*fd >= 0) {
                int saved = errno;

                close(*fd);
                errno = saved;
        }
}

static inline void free_p(void *p) {
        free(*(void **) p);
}

static inline void dir_close_p(DIR **d) {
        if (*d) {
                closedir(*d);
        }
}

#define _cleanup_close_ _cleanup_(fd_close_p)
#define _cleanup_free_ _cleanup_(free_p)
#define _cleanup_closedir_ _cleanup_(dir_close_p)

/*
 * Addresses: the pool lies in the shared address space (RFC 6598), not in RFC 1918, so that no network that a customer's
 * Docker makes inside can collide with it. The same prefix is written in tenantd.nft.
 */
#define POOL_BASE UINT32_C(0x64500000) /* 100.80.0.0 */
#define POOL_SIZE UINT32_C(0x10000) /* /16 */
#define POOL_FIRST UINT32_C(0x100) /* the first and the last 256 are left for the host's own use */
#define POOL_END (POOL_SIZE - UINT32_C(0x100))

/* The host's address on every tenant's link; the same on all, valid on the link only. */
#define GATEWAY UINT32_C(0xa9fe0101) /* 169.254.1.1 */

/* Host ends have indexes of their own, so that everything can be said in one message and tn* of others is told apart. */
#define HOST_IFINDEX_BASE UINT32_C(0x01000000)
#define INDEX_MAX UINT32_C(0x00ffffff)

#define PORTS_MAX 512

/* The most text that an IPv4 address takes, with its end. */
#define ADDRESS_TEXT 16

/* What a tenant may send (egress) and be sent (ingress) in a second; each is a set of tenantd.nft. */
enum limit {
        LIMIT_EGRESS, /* bytes */
        LIMIT_INGRESS,
        LIMIT_EGRESS_PACKETS,
        LIMIT_INGRESS_PACKETS,
        LIMIT_COUNT,
};

/* Its set, and its line in the state file. */
static inline const char *limit_name(enum limit limit) {
        static const char *const names[LIMIT_COUNT] = { "egress", "ingress", "egress_packets",
                                                        "ingress_packets" };

        return names[limit];
}

/* Writes tn<index>. */
static inline void interface_name(uint32_t index, char ret_name[static IFNAMSIZ]) {
        snprintf(ret_name, IFNAMSIZ, "tn%u", index & INDEX_MAX);
}

/* 0x64500100 → "100.80.1.0" */
static inline void address_text(uint32_t address, char ret_text[static ADDRESS_TEXT]) {
        snprintf(ret_text, ADDRESS_TEXT, "%u.%u.%u.%u", address >> 24, (address >> 16) & 255,
                 (address >> 8) & 255, address & 255);
}

static inline const char *protocol_name(uint8_t protocol) {
        return protocol == IPPROTO_UDP ? "udp" : "tcp";
}

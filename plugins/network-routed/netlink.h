/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netlink.h: several netlink messages in one system call, and one verdict on them. */
#pragma once

#include "routed.h"
#include <libmnl/libmnl.h>

#define BATCH_MESSAGE_MAX 1024 /* no message that this backend builds is larger */

/* Zero-initialise; free with batch_done. Messages are numbered from 1 in the order they were put. */
struct batch {
        uint8_t *data;
        size_t size;
        size_t used;
        uint32_t n;
        uint32_t await; /* number of the message whose answer is the last; 0: the last message put */
        uint64_t optional; /* bit N: -EOPNOTSUPP and -EAFNOSUPPORT of message N (below 64) do not count */
        int error; /* memory was short: nothing will be sent */
        uint8_t spare[BATCH_MESSAGE_MAX]; /* takes what is built when memory is short */
};

void batch_done(struct batch *b);

/* Starts a message: its header, numbered, with NLM_F_REQUEST | flags. Never NULL; short memory shows in batch_send. */
struct nlmsghdr *batch_put(struct batch *b, uint16_t type, uint16_t flags) __attribute__((returns_nonnull));

/* Ends the message that batch_put started. */
void batch_end(struct batch *b, struct nlmsghdr *message);

/* An unbound socket in the caller's network namespace, or negative errno. */
int netlink_open(int protocol) _must_check_;

/* Closes a netfilter socket, without waiting for the kernel's grace period where the kernel lets us. -1: does nothing. */
void netfilter_close(int fd);

static inline void netfilter_close_p(int *fd) {
        netfilter_close(*fd);
}
#define _cleanup_netfilter_ __attribute__((cleanup(netfilter_close_p)))

/*
 * Sends all and reads the answers, which the kernel gives before sendto returns: nothing here waits.
 * 0: all were accepted. Otherwise the first error in the kernel's order; *ret_message (may be NULL) is its number.
 */
int batch_send(struct batch *b, int fd, uint32_t *ret_message) _must_check_;

/* Sends one request and gives each answer to callback (libmnl's), until the kernel says it is done. Negative errno. */
int netlink_query(int fd, const struct nlmsghdr *request, mnl_cb_t callback, void *userdata) _must_check_;

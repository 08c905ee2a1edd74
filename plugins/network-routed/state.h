/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* state.h: what is attached now, as a file per tenant, for whoever must put it back when the filters were flushed. */
#pragma once

#include "routed.h"

struct state {
        char name[64];
        uint32_t index;
        uint32_t address;
        uint64_t limits[LIMIT_COUNT]; /* 0: none */
        struct tenant_port *ports; /* owned */
        size_t n_ports;
};

void state_done(struct state *s);

/*
 * Opens the directory with a lock on it: shared for changes to one tenant, exclusive for all. The lock goes with the
 * descriptor. -ENOENT: nothing was attached since the host's boot.
 */
int state_open(bool exclusive) _must_check_;

/* Without a lock, to look only: does not wait. -ENOENT as above. */
int state_open_unlocked(void) _must_check_;

/* The same, shared; made when missing, and then (*ret_made) locked exclusively: this is the first tenant since boot. */
int state_open_or_make(bool *ret_made) _must_check_;

/* Turns a shared lock into an exclusive one; others may have come between. */
int state_lock_exclusive(int fd) _must_check_;

/* Reads tn<index>. -ENOENT: not attached; -EBADMSG: not ours. */
int state_read(int fd, uint32_t index, struct state *ret) _must_check_;

/* Replaces tn<index> in one step. */
int state_write(int fd, const struct state *s) _must_check_;

/* 0 also when there is none. */
int state_remove(int fd, uint32_t index) _must_check_;

/* Calls back with each index that has a file; stops at a negative return and gives it back. */
int state_each(int fd, int (*callback)(int fd, uint32_t index, void *userdata), void *userdata) _must_check_;

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sender.h: who is behind a name of the bus. Asked once for each connection, since a bus never gives a unique name twice, and
 * without waiting: a call that waits for its answer would take in all that is on the way to us before it, which a flood makes
 * long and dear.
 */
#pragma once

#include "bus.h"

typedef struct Senders Senders;

Senders *senders_new(Manager *m);
Senders *senders_free(Senders *s);

/*
 * 1: *ret is the effective uid of the sender, from the bus itself, never from what /proc says of him. 0: the bus is being asked;
 * the message is kept and comes in again. -EBUSY: too much is kept already. -EPERM: nobody knows.
 */
int senders_uid(Senders *s, sd_bus_message *message, uid_t *ret) _must_check_;

/* It has left the bus: what it sent and comes in again is refused. */
void senders_forget(Senders *s, const char *name);

/* True while messages are kept. */
bool senders_are_asked(const Senders *s);

/*
 * How much memory a message holds, about. -E2BIG: more than `most`. Others: it cannot be read. Rewinds it.
 */
int message_weigh(sd_bus_message *message, size_t most, size_t *ret) _must_check_;

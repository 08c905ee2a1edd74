/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* link.h: the veth pair of a tenant, its addresses and routes. All take the tenant's index; addresses in host byte order. */
#pragma once

#include "routed.h"

/*
 * Makes the pair, host end tn<index>, other end eth0 in netns_fd, with addresses, routes and neighbours on both sides.
 * A pair left by an earlier life is removed first. Must be called in the host's network namespace and returns in it.
 * -EBUSY: another interface of the host has that name or index; anything else: the kernel's refusal. *error is filled.
 */
int link_attach(uint32_t index, uint32_t address, int netns_fd, struct tenant_error *error) _must_check_;

/* Of the host's end. */
uint32_t link_ifindex(uint32_t index);

/* Removes the pair; 0 also when there is none, or only somebody else's interface with its name or number. Takes about 20 ms. */
int link_delete(uint32_t index) _must_check_;

/* Counters from the tenant's side. -ENODEV: not attached. */
int link_usage(uint32_t index, struct tenant_network_usage *ret_usage) _must_check_;

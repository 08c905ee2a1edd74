/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* address.h: the one IPv4 address that a tenant has for its life, remembered in its allocation. Host byte order. */
#pragma once

#include "routed.h"

bool address_parse(const char *text, uint32_t *ret);

/* False: the allocation has none. address_need: -ENODATA Failed then. */
bool address_remembered(const struct tenant_context *context, uint32_t *ret);
int address_need(const struct tenant_context *context, uint32_t *ret, struct tenant_error *error)
        _must_check_;

/* Chooses one that nobody has, and remembers it. -EADDRNOTAVAIL NoSpace, -EADDRINUSE AddressInUse. */
int address_allocate(const struct tenant_context *context, const struct tenant_fact *used, size_t n_used,
                     struct tenant_error *error) _must_check_;

/* The same in network byte order, for whoever composes the tenant. */
int address_of(const struct tenant_context *context, struct in_addr *ret_address, struct tenant_error *error)
        _must_check_;

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ports.h: is a port of the host in use by the host itself? */
#pragma once

#include "routed.h"

/*
 * A published port takes packets before any service of the host sees them: publishing 22 would lock the operator out.
 * 0: free, or unknown; -EADDRINUSE AddressInUse: a service of the host listens there.
 */
int ports_check_host(const struct tenant_port *ports, size_t n_ports, struct tenant_error *error)
        _must_check_;

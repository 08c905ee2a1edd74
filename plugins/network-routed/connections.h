/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* connections.h: what the host's connection tracking knows of an address. */
#pragma once

#include "routed.h"

/* Forgets all connections that the address opened, or that led to it by a published port. */
int connections_forget(uint32_t address) _must_check_;

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* table.h: the static part of the filters: is it there, bring it there. */
#pragma once

#include "routed.h"
#include "state.h"

#define NFT_PATH "/usr/sbin/nft"

/*
 * Loads tenantd.nft and puts back the elements of every attached tenant (state files). Takes the lock of state_fd
 * exclusively and keeps it so. `instead` (may be NULL) stands for the file of its tenant, which may already tell what is only
 * wanted; address 0: the tenant had nothing. -ENOENT HostNotReady: no nft program; -EIO HostNotReady: nft refused, its words
 * in *error.
 */
int table_restore(int state_fd, const struct state *instead, const struct tenant_host *host,
                  struct tenant_error *error) _must_check_;

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * share.h: how much of the agent's processor time users may take. Each has a share and all together have one; what is not used
 * can be saved up to a bound. Time is passed in, so that it can be tested without waiting.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct Shares Shares;

Shares *shares_new(void);
Shares *shares_free(Shares *b);

/* False: this user, or all together, have nothing left. */
bool shares_has(Shares *b, uid_t uid, uint64_t now_usec);

/* May go below nothing: then it takes longer to have something again. */
void shares_take(Shares *b, uid_t uid, uint64_t now_usec, uint64_t used_usec);

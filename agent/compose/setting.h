/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* setting.h: one word of a definition by the type and bounds of a backend's table. Internal to agent/compose
 * and its tests. */
#pragma once

#include "cleanup.h"
#include "tenant-plugin.h"

#define SETTING_WHY_SIZE 160

/*
 * Parses text into *ret (u64 and an allocated text; release with setting_clear) and marks it set. An empty
 * text and, for addresses, "auto" leave it unset. -EINVAL: `why` says what is allowed. Does not touch
 * is_explicit.
 */
int setting_parse(const struct tenant_setting *setting, const char *text, struct tenant_value *ret,
                  char why[static SETTING_WHY_SIZE]) _must_check_;

void setting_clear(struct tenant_value *value);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* descriptor.h: from a plugin's own structs, of whatever age, to a checked copy. Internal to agent/compose
 * and its tests. */
#pragma once

#include "loader.h"

#define PLUGIN_SETTINGS_MAX 64u

/*
 * Copies min(sizes) of the descriptor and its operations into *ret, the rest zero, and checks: size, ABI,
 * kind, name, texts, settings (known type, help, sane bounds, no key twice, none of the core's keys),
 * mandatory operations by name. -ELIBBAD BadBackend says which; `what` names the file.
 */
int descriptor_adopt(const struct tenant_plugin *given, enum tenant_kind kind, const char *name,
                     const char *what, Plugin *ret, TenantError *error) __attribute__((warn_unused_result));

/* Keys of a kind's section that belong to the core: Backend everywhere, Ids in [Namespace], Root in
 * [Storage]. */
bool key_is_cores(enum tenant_kind kind, const char *key);

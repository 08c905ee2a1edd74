/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings.h: what a tenant may set of its network, and what it may be. */
#pragma once

#include "routed.h"

enum setting {
        SETTING_ADDRESS,
        SETTING_PUBLISH,
        SETTING_DNS,
        SETTING_EGRESS, /* from here on in the order of enum limit */
        SETTING_INGRESS,
        SETTING_EGRESS_PACKETS,
        SETTING_INGRESS_PACKETS,
        SETTING_COUNT,
};

extern const struct tenant_setting routed_settings[SETTING_COUNT];

/* What is set, or NULL. Belongs to the context. */
const struct tenant_value *setting_value(const struct tenant_context *context, enum setting s);

/* What the table's types and bounds do not say. -EINVAL InvalidSetting. */
int settings_validate(const struct tenant_context *context, struct tenant_error *error) _must_check_;

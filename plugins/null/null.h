/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * null.h: what the test doubles share. Each has a setting Fail=OPERATION: that operation then fails with
 * -EIO and a message that names it. Undo operations see no settings; what to fail in them travels as a fact.
 */
#pragma once

#include "tenant-plugin.h"

#define NULL_FAIL_SETTING                                                                                   \
        {                                                                                                   \
                .key = "Fail", .type = TENANT_TYPE_STRING, .flags = TENANT_SETTING_LIVE, .unit = "",        \
                .help = "operation that fails with an I/O error"                                            \
        }

/* The operation that must fail, or NULL. In every double Fail is the first setting. */
static inline const char *null_fault(const struct tenant_context *context) {
        return context->n_values > 0 && context->values[0].is_set ? context->values[0].text
                                                                  : tenant_context_fact(context, "Fail");
}

/* 0, or the injected error. Forward operations pass the wish on to the undo. */
static inline int null_operation(const struct tenant_context *context, const char *operation, bool remember,
                                 struct tenant_error *error) {
        const char *fault = null_fault(context);

        if (!fault) {
                return 0;
        }
        if (strcmp(fault, operation) == 0) {
                return tenant_error_set(error, -EIO, "Failed",
                                        "Fail=%s: failing as told; remove the setting", operation);
        }
        return remember ? context->host->remember(context->host->userdata, "Fail", fault) : 0;
}

/* Fail= must name an operation that this double has. */
static inline int null_validate(const struct tenant_context *context, const char *const *operations,
                                size_t n, struct tenant_error *error) {
        const char *fault = null_fault(context);

        for (size_t i = 0; fault && i < n; i++) {
                if (strcmp(fault, operations[i]) == 0) {
                        return null_operation(context, "validate", false, error);
                }
        }
        return fault ? tenant_error_set(error, -EINVAL, "InvalidSetting",
                                        "Fail=%s: this backend has no such operation", fault)
                     : 0;
}

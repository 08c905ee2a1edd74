/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit-rule.c: see audit-rule.h. Owned by agent/run. */
#include "audit-rule.h"
#include "cleanup.h"
#include "idrange.h"

void audit_rule_of_tenants(struct audit_rule_data *ret) {
        static const struct {
                __u32 field;
                __u32 comparison;
                __u32 value;
        } conditions[] = {
                { AUDIT_MSGTYPE, AUDIT_EQUAL, AUDIT_AVC },
                { AUDIT_UID, AUDIT_GREATER_THAN_OR_EQUAL, ID_WINDOW_FIRST },
                { AUDIT_UID, AUDIT_LESS_THAN_OR_EQUAL, ID_WINDOW_LAST },
        };

        *ret = (struct audit_rule_data){
                .flags = AUDIT_FILTER_EXCLUDE,
                .action = AUDIT_NEVER,
                .field_count = ELEMENTSOF(conditions),
        };
        for (size_t i = 0; i < ELEMENTSOF(conditions); i++) {
                ret->fields[i] = conditions[i].field;
                ret->fieldflags[i] = conditions[i].comparison;
                ret->values[i] = conditions[i].value;
        }
}

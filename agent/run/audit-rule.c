/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit-rule.c: see audit-rule.h. Owned by agent/run. */
#include "audit-rule.h"
#include "cleanup.h"
#include "idrange.h"

/* Of Linux 6.1; older headers lack the second. */
#define TYPE_NETFILTER_CFG 1325u
#define TYPE_OPENAT2 1337u

typedef struct Condition {
        __u32 field;
        __u32 comparison; /* 0: no condition */
        __u32 value;
} Condition;

#define CONDITIONS_MAX 5u

void audit_rule_of_tenants(unsigned i, struct audit_rule_data *ret) {
        static const Condition rules[AUDIT_RULES_OF_TENANTS][CONDITIONS_MAX] = {
                {
                        { AUDIT_MSGTYPE, AUDIT_GREATER_THAN_OR_EQUAL, TYPE_NETFILTER_CFG },
                        { AUDIT_MSGTYPE, AUDIT_NOT_EQUAL, AUDIT_PROCTITLE },
                        { AUDIT_MSGTYPE, AUDIT_NOT_EQUAL, TYPE_OPENAT2 },
                        { AUDIT_UID, AUDIT_GREATER_THAN_OR_EQUAL, ID_WINDOW_FIRST },
                        { AUDIT_UID, AUDIT_LESS_THAN_OR_EQUAL, ID_WINDOW_LAST },
                },
                {
                        { AUDIT_MSGTYPE, AUDIT_LESS_THAN, AUDIT_SYSCALL },
                        { AUDIT_UID, AUDIT_GREATER_THAN_OR_EQUAL, ID_WINDOW_FIRST },
                        { AUDIT_UID, AUDIT_LESS_THAN_OR_EQUAL, ID_WINDOW_LAST },
                },
        };

        *ret = (struct audit_rule_data){
                .flags = AUDIT_FILTER_EXCLUDE,
                .action = AUDIT_NEVER,
        };
        for (const Condition *c = rules[i]; c < rules[i] + CONDITIONS_MAX && c->comparison != 0; c++) {
                ret->fields[ret->field_count] = c->field;
                ret->fieldflags[ret->field_count] = c->comparison;
                ret->values[ret->field_count++] = c->value;
        }
}

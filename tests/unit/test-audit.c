/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-audit.c: the audit rules, as the kernel reads it: numbers of its interface, none of the headers'. Owned by tests/unit. */
#include "audit-rule.h"
#include "unit.h"
#include <string.h>

/* flags, action, field_count, mask[64], fields[64], values[64], fieldflags[64], buflen */
#define WORDS (3 + 4 * 64 + 1)
#define FIELDS 67
#define VALUES 131
#define COMPARISONS 195

static void test_rules(void **state) {
        static const uint32_t expected[][WORDS] = {
                {
                        [0] = 5, /* the exclude list */
                        [1] = 0, /* never */
                        [2] = 5,
                        [FIELDS] = 12, /* msgtype */
                        [FIELDS + 1] = 12,
                        [FIELDS + 2] = 12,
                        [FIELDS + 3] = 1, /* uid */
                        [FIELDS + 4] = 1,
                        [VALUES] = 1325,
                        [VALUES + 1] = 1327,
                        [VALUES + 2] = 1337,
                        [VALUES + 3] = 603979776,
                        [VALUES + 4] = 1879048191,
                        [COMPARISONS] = 0x60000000, /* >= */
                        [COMPARISONS + 1] = 0x30000000, /* != */
                        [COMPARISONS + 2] = 0x30000000,
                        [COMPARISONS + 3] = 0x60000000,
                        [COMPARISONS + 4] = 0x50000000, /* <= */
                },
                {
                        [0] = 5,
                        [1] = 0,
                        [2] = 3,
                        [FIELDS] = 12,
                        [FIELDS + 1] = 1,
                        [FIELDS + 2] = 1,
                        [VALUES] = 1300,
                        [VALUES + 1] = 603979776,
                        [VALUES + 2] = 1879048191,
                        [COMPARISONS] = 0x10000000, /* < */
                        [COMPARISONS + 1] = 0x60000000,
                        [COMPARISONS + 2] = 0x50000000,
                },
        };

        assert_int_equal(AUDIT_RULES_OF_TENANTS, ELEMENTSOF(expected));
        for (unsigned i = 0; i < AUDIT_RULES_OF_TENANTS; i++) {
                struct audit_rule_data rule;

                memset(&rule, 0xff, sizeof(rule));
                audit_rule_of_tenants(i, &rule);
                assert_int_equal(sizeof(rule), sizeof(expected[i]));
                assert_memory_equal(&rule, expected[i], sizeof(expected[i]));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_rules) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

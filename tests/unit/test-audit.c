/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-audit.c: the audit rule, as the kernel reads it: numbers of its interface, none of the headers'. Owned by tests/unit. */
#include "audit-rule.h"
#include "unit.h"
#include <string.h>

static void test_rule(void **state) {
        /* flags, action, field_count, mask[64], fields[64], values[64], fieldflags[64], buflen */
        static const uint32_t expected[3 + 4 * 64 + 1] = {
                [0] = 5, /* the exclude list */
                [1] = 0, /* never */
                [2] = 3,
                [67] = 12, /* msgtype */
                [68] = 1, /* uid */
                [69] = 1,
                [131] = 1400, /* AVC */
                [132] = 603979776,
                [133] = 1879048191,
                [195] = 0x40000000, /* = */
                [196] = 0x60000000, /* >= */
                [197] = 0x50000000, /* <= */
        };
        struct audit_rule_data rule;

        memset(&rule, 0xff, sizeof(rule));
        audit_rule_of_tenants(&rule);
        assert_int_equal(sizeof(rule), sizeof(expected));
        assert_memory_equal(&rule, expected, sizeof(expected));
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_rule) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-share.c: shares of the agent's time: one user cannot take another's, nor all users root's. */
#include "share.h"
#include "unit.h"

#define SEC UINT64_C(1000000)

/* Takes `used` as often as there is something left; how much that came to. */
static uint64_t take_all(Shares *b, uid_t uid, uint64_t now, uint64_t used) {
        uint64_t sum = 0;

        while (shares_has(b, uid, now)) {
                shares_take(b, uid, now, used);
                sum += used;
        }
        return sum;
}

static void test_one_user(void **state) {
        Shares *b = shares_new();
        uint64_t first = take_all(b, 1000, SEC, 10), sum = 0;

        assert_in_range(first, SEC / 2, SEC / 2 + 10); /* what he had saved */
        for (uint64_t now = SEC; now < 101 * SEC;
             now += 7) { /* asks all the time: nothing is lost by rounding */
                if (shares_has(b, 1000, now)) {
                        shares_take(b, 1000, now, 1);
                        sum++;
                }
        }
        assert_in_range(sum, 5 * SEC - 10, 5 * SEC + 10); /* 5 of 100 seconds */
        assert_null(shares_free(b));
}

static void test_all_users(void **state) {
        Shares *b = shares_new();
        uint64_t sum = 0, one;

        for (uid_t uid = 1000; uid < 1100; uid++) {
                sum += take_all(b, uid, SEC, 10);
        }
        assert_in_range(sum, SEC, SEC + 1000);
        one = take_all(b, 2000, 3 * SEC,
                       10); /* others wait for what has come back, but wait they need not long */
        assert_in_range(one, SEC / 2, SEC / 2 + 10);
        assert_null(shares_free(b));
}

/* A flooder's debts are bounded, and so is the memory for users. */
static void test_bounds(void **state) {
        Shares *b = shares_new();

        shares_take(b, 1000, SEC, 3600 * SEC);
        assert_false(shares_has(b, 1000, 2 * SEC));
        assert_true(shares_has(b, 1000, 12 * SEC));
        for (uid_t uid = 0; uid < 100000; uid++) {
                shares_take(b, uid + 5000, 20 * SEC, 1);
        }
        assert_true(shares_has(b, 1001, 60 * SEC));
        assert_null(shares_free(b));
        assert_null(shares_free(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_one_user),
                cmocka_unit_test(test_all_users),
                cmocka_unit_test(test_bounds),
        };

        return cmocka_run_group_tests_name("shares", tests, NULL, NULL);
}

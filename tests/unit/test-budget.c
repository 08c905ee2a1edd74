/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-budget.c: so much at once, so much a second, and never more, whatever the clock does. Owned by tests/unit. */
#include "budget.h"
#include "unit.h"

static void test_burst_then_rate(void **state) {
        Budget b = BUDGET(10, 2);
        uint64_t now = 5000000;
        unsigned spent = 0;

        for (unsigned i = 0; i < 100; i++, now += 100) { /* ten seconds of asking ten times a second */
                if (budget_left(&b, now) > 0) {
                        budget_spend(&b, 1, now);
                        spent++;
                }
        }
        assert_in_range(spent, 10 + 19, 10 + 20);
}

static void test_no_more_than_most(void **state) {
        Budget b = BUDGET(10, 2);

        assert_int_equal(budget_left(&b, 1), 10);
        budget_spend(&b, 4, 1);
        assert_int_equal(budget_left(&b, 1000000000), 10);
        budget_spend(&b, 400, 1000000000);
        assert_int_equal(budget_left(&b, 1000000000), 0);
}

static void test_slow_questions_lose_nothing(void **state) {
        Budget b = BUDGET(10, 3);

        budget_spend(&b, 10, 1000);
        for (uint64_t now = 1000; now < 2000;
             now++) { /* a third of a second is not a whole one for 333 questions */
                (void) budget_left(&b, now);
        }
        assert_int_equal(budget_left(&b, 2001), 3);
}

/* Waiting as long as it says, and spending then, is just the rate. */
static void test_wait_and_spend(void **state) {
        Budget b = BUDGET(2000, 1000);
        uint64_t now = 1000;

        for (unsigned i = 0; i < 100; i++) {
                now += (uint64_t) budget_wait_msec(&b, 300, now);
                budget_spend(&b, 300, now);
        }
        assert_in_range(now - 1000, 28000, 28100);
}

static void test_clock_that_goes_back(void **state) {
        Budget b = BUDGET(10, 2);

        budget_spend(&b, 10, 100000);
        assert_int_equal(budget_left(&b, 50000), 0);
        assert_int_equal(budget_left(&b, 50500), 1);
}

static void test_wait_is_just_long_enough(void **state) {
        Budget b = BUDGET(100, 7);

        assert_int_equal(budget_wait_msec(&b, 100, 1000), 0);
        budget_spend(&b, 100, 1000);
        for (uint32_t n = 1; n <= 100; n++) {
                const int wait = budget_wait_msec(&b, n, 1000);
                Budget copy = b;

                assert_true(wait > 0);
                assert_true(budget_left(&copy, 1000 + (uint64_t) wait) >= n);
                copy = b;
                assert_true(budget_left(&copy, 1000 + (uint64_t) wait - 2) < n);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_burst_then_rate),
                cmocka_unit_test(test_no_more_than_most),
                cmocka_unit_test(test_slow_questions_lose_nothing),
                cmocka_unit_test(test_wait_and_spend),
                cmocka_unit_test(test_clock_that_goes_back),
                cmocka_unit_test(test_wait_is_just_long_enough),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* budget.c: see budget.h. Refuses to give anything for the time before its first use. */
#include "budget.h"

uint32_t budget_left(Budget *b, uint64_t now_msec) {
        const uint64_t room = b->most * UINT64_C(1000) - b->left_milli;
        uint64_t passed;

        if (b->filled_msec == 0 || now_msec < b->filled_msec) {
                b->filled_msec = now_msec;
        }
        passed = now_msec - b->filled_msec;
        b->filled_msec = now_msec;
        b->left_milli += passed > room / b->per_second ? room : passed * b->per_second;
        return (uint32_t) (b->left_milli / 1000);
}

void budget_spend(Budget *b, uint32_t n, uint64_t now_msec) {
        const uint64_t milli = n * UINT64_C(1000);

        (void) budget_left(b, now_msec); /* what the time until now gives is to be spent too */
        b->left_milli -= milli < b->left_milli ? milli : b->left_milli;
}

int budget_wait_msec(Budget *b, uint32_t n, uint64_t now_msec) {
        (void) budget_left(b, now_msec);
        const uint64_t wanted = n * UINT64_C(1000);

        return b->left_milli >= wanted
                       ? 0
                       : (int) ((wanted - b->left_milli + b->per_second - 1) / b->per_second);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* budget.h: what a tenant may make the runner do: so much at once, and so much a second after that. Time is the caller's. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Budget {
        uint64_t left_milli; /* thousandths, so that slow ones lose nothing by being asked often */
        uint32_t most;
        uint32_t per_second;
        uint64_t filled_msec; /* up to when it was filled */
} Budget;

#define BUDGET(most_, per_second_)                                                                          \
        { .left_milli = (most_) *UINT64_C(1000), .most = (most_), .per_second = (per_second_) }

/* What is left now, filled up. CLOCK_MONOTONIC or any other time that does not go back. */
uint32_t budget_left(Budget *b, uint64_t now_msec);

/* Takes n, or all that is left. */
void budget_spend(Budget *b, uint32_t n, uint64_t now_msec);

/* Milliseconds until at least n (no more than `most`) are left; 0: they are. */
int budget_wait_msec(Budget *b, uint32_t n, uint64_t now_msec);

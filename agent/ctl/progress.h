/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* progress.h: what a person sees while jobs run: one line redrawn on a terminal, else a line per stage. */
#pragma once

#include "ctl.h"

typedef struct Progress {
        bool enabled; /* not --quiet, not --json */
        bool terminal; /* stderr is one */
        bool drawn; /* a line stands there to be wiped */
} Progress;

void progress_init(Progress *p, const Ctl *c);

/* A new stage or figure of one job; others counts the further jobs under way. fraction < 0: unknown. */
void progress_draw(Progress *p, const char *subject, const char *stage, double fraction,
                   uint64_t elapsed_usec, unsigned others);

/* One line without a terminal, nothing on one. */
void progress_stage(const Progress *p, const char *subject, const char *stage);

/* Wipes the line: call before anything else is printed. */
void progress_clear(Progress *p);

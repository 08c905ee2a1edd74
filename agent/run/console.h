/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * console.h: the tenant's console on its way to the host's journal. The journal is the host's and everybody's: a tenant gets a few
 * lines of it, and what it writes beyond that is read and dropped. Lines are marked, so that none passes for the runner's own.
 */
#pragma once

#include "budget.h"
#include <stddef.h>

/* A boot's worth of lines at once, then one a second. */
#define CONSOLE_LINES 600u
#define CONSOLE_LINES_PER_SECOND 1u
/* Once they are used up: so many again before the next one is taken, as one report for all that was dropped. */
#define CONSOLE_LINES_RESUME 60u
/* What is read at all; a tenant that writes faster waits. */
#define CONSOLE_READ_BYTES (256u * 1024u)

typedef struct Console {
        int fd; /* master of the pty; -1: none (yet) */
        int journal_fd;
        Budget bytes, lines;
        uint64_t closed_until_msec; /* no process has it open, or it was unreadable: not asked until then */
        uint64_t dropped; /* lines */
        bool muted;
        bool in_escape; /* of a terminal sequence */
        size_t size;
        char line[256];
} Console;

#define CONSOLE_NONE(journal_)                                                                              \
        {                                                                                                   \
                .fd = -1, .journal_fd = (journal_),                                                         \
                .bytes = BUDGET(CONSOLE_READ_BYTES, CONSOLE_READ_BYTES),                                    \
                .lines = BUDGET(CONSOLE_LINES, CONSOLE_LINES_PER_SECOND)                                    \
        }

/* Takes over the master. */
void console_open(Console *c, int fd);

/* Milliseconds until it is to be polled; 0: now; -1: there is none. */
int console_wait_msec(Console *c, uint64_t now_msec);

/* After a poll; revents of the master. */
void console_read(Console *c, short revents, uint64_t now_msec);

/* Its last words: what is left when the tenant has ended. */
void console_finish(Console *c, uint64_t now_msec);

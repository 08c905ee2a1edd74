/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* harness.h: a private bus with fake-tenantd on it, and runs of the real tenantctl against it. */
#pragma once

#include "cleanup.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
/* after those it needs */
#include <cmocka.h>

typedef struct World {
        char dir[64];
        pid_t bus;
        pid_t fake;
        char *out; /* of the last run */
        char *err;
        const char *input; /* standard input of the next run; NULL: /dev/null */
} World;

/* cmocka's setup and teardown: a fresh bus and service for each test. */
int world_set_up(void **state);
int world_tear_down(void **state);

/*
 * Runs tenantctl with these words (split at '|') and returns its exit status; w->out and w->err are what it
 * printed.
 */
int ctl(World *w, const char *words);

/* Starts it with stdin, stdout and stderr on a new terminal, whose other end *ret_fd is. */
pid_t ctl_on_terminal(World *w, const char *words, int *ret_fd);

/*
 * Reads what the terminal shows until `text` appears in all that was read so far (the test's time limit
 * ends the wait).
 */
void terminal_expect(int fd, char *buf, size_t size, const char *text);

/* Reads to the end, waits, returns the exit status. */
int terminal_finish(pid_t pid, int fd, char *buf, size_t size);

/* What fake-tenantd was called with, as sd_bus_message_dump() writes it (free). */
char *calls_seen(World *w);

/* Path of a file of this name in the world's directory (valid until the next call). */
const char *world_file(World *w, const char *name);

/* A shell script in the world's bin/, which is first in PATH where the test puts it there. */
void write_program(World *w, const char *name, const char *script);

void stop_fake(World *w);

#define assert_has(text, part) has_or_fail(text, part, true, __FILE__, __LINE__)
#define assert_lacks(text, part) has_or_fail(text, part, false, __FILE__, __LINE__)
void has_or_fail(const char *text, const char *part, bool wanted, const char *file, int line);

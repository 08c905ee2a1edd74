/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attack.h: what the programs of the attack suite share. They are static, so that they run in any tenant, and are never installed.
 * A program's status is that of the attack: it succeeded, it was stopped, or (anything else) the program itself is broken. Its last
 * line is the evidence in the matrix.
 */
#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum attack_status {
        ATTACK_SUCCEEDED = 0,
        ATTACK_STOPPED = 100, /* no status that anything has by accident */
        ATTACK_BROKEN = 2,
};

__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        vprintf(format, ap);
        va_end(ap);
        putchar('\n');
        fflush(stdout);
}

/* "WHAT: text of errno", the form that evidence of a refused system call has. */
static inline void say_errno(const char *what) {
        say("%s: %s", what, strerror(errno));
}

/* The attack was stopped by the system call that just failed. */
_Noreturn static inline void stopped(const char *what) {
        say_errno(what);
        exit(ATTACK_STOPPED);
}

_Noreturn static inline void broken(const char *what) {
        say("broken: %s: %s", what, strerror(errno));
        exit(ATTACK_BROKEN);
}

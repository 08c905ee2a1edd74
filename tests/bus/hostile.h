/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hostile.h: arguments that no well-meaning client sends, and now and then one that it would: all from one seed. What libdbus would
 * not let out (broken UTF-8, lengths that lie) is made from the bytes of a message: hostile_bytes().
 */
#pragma once

#include "client.h"

void hostile_seed(uint64_t seed, unsigned batch);
unsigned hostile_below(unsigned n);
static inline bool one_in(unsigned n) {
        return hostile_below(n) == 0;
}

/* Makes what paths and descriptors of arguments lead to: archives good and bad, and all kinds of files. */
void hostile_make_files(const char *directory);

/* Appends a value for each type of the signature. */
void hostile_append(DBusMessage *m, const char *signature);

/* Another signature than this one, most of the time. */
const char *hostile_signature(const char *signature);

/* A path of an object that may or may not be there. */
const char *hostile_path(void);

/* The texts of the last message, to be shown: printable, cut. */
const char *hostile_shown(void);

/* Breaks the bytes of a marshalled message; *size shrinks at most. */
void hostile_bytes(char *bytes, size_t *size);

/* Something to pass beside the bytes of a message; -1: nothing. */
int hostile_descriptor(void);

/* Closes the other ends of what was passed: who waits for their data sees the end. */
void hostile_release(void);

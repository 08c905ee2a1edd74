/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz.h: what the fuzz targets share. A target is libFuzzer's LLVMFuzzerTestOneInput; a broken property
 * aborts.
 */
#pragma once

#include "keyfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not every target has one. Ends the process with status 77 when the target cannot run here. */
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Aborts, saying which property is broken. */
#define property(p_)                                                                                        \
        do {                                                                                                \
                if (!(p_)) {                                                                                \
                        fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #p_);                    \
                        abort();                                                                            \
                }                                                                                           \
        } while (0)

/*
 * A directory of this process, gone at its end, for code that reads files; fuzz_file() makes or replaces one in it.
 */
const char *fuzz_directory(void);
void fuzz_file(const char *name, const uint8_t *data, size_t size);

/* Parses the input; NULL when it was refused, properly. */
Keyfile *fuzz_parse(const uint8_t *data, size_t size);

/*
 * What a refusal owes its reader: a negative code, a short name, a message that ends and can be sent on the
 * bus.
 */
void fuzz_check_error(int r, const TenantError *e);

/* Both hold the same settings. */
void fuzz_check_same(const Keyfile *a, const Keyfile *b);

/* Writes it and reads it back: the same. */
void fuzz_check_round_trip(const Keyfile *k);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * corpus-main.c: runs a fuzz target without libFuzzer, with any compiler: every file of the corpus directory
 * as it is, cut after each byte, and with each byte changed (of a large file: of some hundred). Refuses an empty corpus: it would prove
 * nothing. Owned by tests/fuzz.
 */
#include "fuzz.h"
#include "io.h"
#include <fcntl.h>

#define FILE_MAX 65536
#define LARGE 2048u
#define PLACES_MAX 64u

/* Turns letters into others, separators into letters, and ASCII into broken UTF-8. */
static const uint8_t changes[] = { 0x01, 0x20, 0x80, 0xFF };

static unsigned run_file(const char *data, size_t size) {
        _cleanup_free_ uint8_t *copy = malloc(size + 1);
        size_t step = size < LARGE ? 1 : size / PLACES_MAX;
        unsigned runs = 1;

        if (!copy) {
                return 0;
        }
        memcpy(copy, data, size);
        (void) LLVMFuzzerTestOneInput(copy, size); /* 0 always: a broken property aborts */
        for (size_t i = 0; i < size; i += step, runs++) {
                (void) LLVMFuzzerTestOneInput(copy, i); /* as above */
        }
        for (size_t i = 0; i < size; i += step) {
                for (size_t j = 0; j < ELEMENTSOF(changes); j++, runs++) {
                        copy[i] = (uint8_t) data[i] ^ changes[j];
                        (void) LLVMFuzzerTestOneInput(copy, size); /* as above */
                }
                copy[i] = (uint8_t) data[i];
        }
        return runs;
}

static unsigned run_directory(DIR *dir) {
        unsigned runs = 0;

        for (struct dirent *e; (e = readdir(dir));) {
                _cleanup_free_ char *data = NULL;
                size_t size;

                if (e->d_name[0] == '.') {
                        continue;
                }
                if (file_read(dirfd(dir), e->d_name, FILE_MAX, &data, &size) < 0) {
                        fprintf(stderr, "cannot read %s\n", e->d_name);
                        return 0;
                }
                runs += run_file(data, size);
        }
        return runs;
}

int main(int argc, char **argv) {
        _cleanup_closedir_ DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
        unsigned runs;

        if (LLVMFuzzerInitialize) {
                (void) LLVMFuzzerInitialize(&argc, &argv); /* 0 always */
        }
        runs = dir ? run_directory(dir) : 0;
        printf("%u inputs\n", runs);
        return runs > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

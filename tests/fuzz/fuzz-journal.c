/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-journal.c: run journals, as a killed composer or a bad disk leaves them. Whatever is in one, each step is owed once, facts are
 * whole, and what was read and written again reads the same. Owned by tests/fuzz.
 */
#include "fuzz.h"
#include "journal.h"
#include "loader.h"
#include <fcntl.h>

static void check_journal(const Journal *j) {
        property(j->n_steps <= TENANT_KIND_COUNT);
        for (size_t i = 0; i < j->n_steps; i++) {
                property(j->steps[i] < TENANT_KIND_COUNT);
                for (size_t k = 0; k < i; k++) {
                        property(j->steps[k] != j->steps[i]);
                }
        }
        for (size_t i = 0; i < j->n_facts; i++) {
                property(j->facts[i].kind < TENANT_KIND_COUNT);
                property(j->facts[i].key[0] && !strpbrk(j->facts[i].key, " \n"));
                property(!strchr(j->facts[i].value, '\n'));
        }
}

/* False: a line is longer than any that is written. */
static bool write_again(const Journal *j, int dir_fd) {
        _cleanup_close_ int fd = -1;
        bool whole = true;

        property(journal_end(dir_fd) == 0);
        fd = journal_begin(dir_fd);
        property(fd >= 0 && journal_begin(dir_fd) == -EEXIST);
        for (size_t i = 0; i < j->n_steps; i++) {
                property(journal_step(fd, j->steps[i]) == 0);
        }
        for (size_t i = 0; i < j->n_facts; i++) {
                int r = journal_fact(fd, j->facts[i].kind, j->facts[i].key, j->facts[i].value);

                property(r == 0 || r == -E2BIG);
                whole = whole && r == 0;
        }
        return whole;
}

static void check_same(const Journal *a, const Journal *b) {
        property(a->n_steps == b->n_steps && a->n_facts == b->n_facts);
        for (size_t i = 0; i < a->n_steps; i++) {
                property(a->steps[i] == b->steps[i]);
        }
        for (size_t i = 0; i < a->n_facts; i++) {
                property(a->facts[i].kind == b->facts[i].kind);
                property(strcmp(a->facts[i].key, b->facts[i].key) == 0);
                property(strcmp(a->facts[i].value, b->facts[i].value) == 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_close_ int dir_fd = open(fuzz_directory(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(journal_free_p) Journal *j = NULL, *again = NULL;
        int r;

        fuzz_file("journal", data, size);
        r = journal_read(dir_fd, &j);
        if (r < 0) {
                property(!j && r == -EFBIG);
                return 0;
        }
        check_journal(j);
        if (write_again(j, dir_fd)) {
                property(journal_read(dir_fd, &again) == 0);
                check_same(j, again);
        }
        property(journal_end(dir_fd) == 0);
        return 0;
}

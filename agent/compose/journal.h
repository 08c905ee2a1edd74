/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * journal.h: the run journal, /run/tenantd/NAME/journal: what a start has done so far, one line each, written before it is done.
 * `tenant-run --release` undoes it from the last line to the first. /run is memory, so no fsync: it need not outlive the kernel.
 *
 *   step KIND          the kind's backend is about to act: its undo is owed from now on
 *   fact KIND KEY VALUE  a backend's own word (host->remember), given back to its undo
 */
#pragma once

#include "cleanup.h"
#include "error.h"

typedef struct JournalFact {
        enum tenant_kind kind;
        char *key;
        char *value;
} JournalFact;

/* A journal read back. */
typedef struct Journal {
        enum tenant_kind steps[TENANT_KIND_COUNT]; /* in the order of the start, each kind once */
        size_t n_steps;
        JournalFact *facts;
        size_t n_facts;
} Journal;

Journal *journal_free(Journal *j);
DEFINE_CLEANUP(Journal *, journal_free)

/* Starts an empty journal in the tenant's runtime directory. A descriptor; -EEXIST: an earlier run was not released. */
int journal_begin(int runtime_fd) _must_check_;

int journal_step(int journal_fd, enum tenant_kind kind) _must_check_;
int journal_fact(int journal_fd, enum tenant_kind kind, const char *key, const char *value) _must_check_;

/* -ENOENT: nothing to release. Lines that cannot be read are skipped: a torn last line belongs to a step that was not begun. */
int journal_read(int runtime_fd, Journal **ret) _must_check_;

/* Removes it: everything is undone. */
int journal_end(int runtime_fd) _must_check_;

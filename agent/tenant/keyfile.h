/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keyfile.h: [Section] Key=Value files with the place of every line, so that an error can name file, line
 * and key. Own code because GKeyFile forgets lines and because the start path must not load GLib
 * (docs/decisions.md). Syntax: # and ; comments on lines of their own, blanks around '=' ignored, no
 * quoting, no continuation. A key given twice: the last one wins (drop-ins override). Bounds: 1 MiB, 4096
 * entries, values 4096 bytes, valid UTF-8 without control characters.
 */
#pragma once

#include "cleanup.h"
#include "error.h"

#define KEYFILE_SIZE_MAX (1024u * 1024u)
#define KEYFILE_ENTRIES_MAX 4096u
#define KEYFILE_VALUE_MAX 4096u
/* Section and key: letters, digits, '.', '_' and '-', a letter or digit first. */
#define KEYFILE_WORD_MAX 64u
#define KEYFILE_DROPINS_MAX 256u

typedef struct KeyfileEntry {
        char *section;
        char *key;
        char *value;
        const char *file; /* owned by the Keyfile */
        unsigned line; /* 1-based; 0: not from a file */
} KeyfileEntry;

typedef struct Keyfile {
        KeyfileEntry *entries; /* in file order, after overriding: each (section, key) once */
        size_t n_entries;
        char **files;
        size_t n_files;
} Keyfile;

Keyfile *keyfile_free(Keyfile *k);
DEFINE_CLEANUP(Keyfile *, keyfile_free)

/* An empty one. -ENOMEM. */
int keyfile_new(Keyfile **ret) _must_check_;

/*
 * Adds the entries of a text; `file` is for messages. -EINVAL InvalidSetting with file and line; the entries
 * before the bad line were added then.
 */
int keyfile_parse(Keyfile *k, const char *file, const char *text, TenantError *error) _must_check_;

/* Reads a host file (absolute path). -ENOENT when missing; -EINVAL InvalidSetting; else -errno Failed. */
int keyfile_load(Keyfile *k, const char *path, TenantError *error) _must_check_;

/*
 * Reads drop-ins: every *.conf of the directory in byte order, names with a leading dot left out; a missing
 * directory is fine. A drop-in that is listed but cannot be opened (a dangling link) is -EINVAL, never
 * -ENOENT.
 */
int keyfile_load_dropins(Keyfile *k, const char *directory, TenantError *error) _must_check_;

/* The entry, or NULL. Owned by the keyfile. */
const KeyfileEntry *keyfile_get(const Keyfile *k, const char *section, const char *key);
const char *keyfile_value(const Keyfile *k, const char *section, const char *key); /* NULL when missing */

/*
 * Sets or adds; value NULL removes. -EINVAL InvalidSetting when section, key or value could not be written
 * back.
 */
int keyfile_set(Keyfile *k, const char *section, const char *key, const char *value, TenantError *error)
        _must_check_;

/* The text, sections in order of first appearance. The caller frees. */
int keyfile_format(const Keyfile *k, char **ret) _must_check_;

/*
 * Error helper: "FILE:LINE: [SECTION] KEY=VALUE: text"; without a file "[SECTION] KEY=VALUE: text". Returns
 * -EINVAL.
 */
int keyfile_error(const KeyfileEntry *entry, TenantError *error, const char *format, ...) _printf_(3, 4);

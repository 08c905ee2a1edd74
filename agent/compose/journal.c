/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* journal.c: see journal.h. Each record is one write(2), so that a killed composer leaves whole lines. */
#include "journal.h"
#include "fd.h"
#include "io.h"
#include "loader.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define JOURNAL_MAX (64 * 1024)
#define LINE_MAX_BYTES 1024

Journal *journal_free(Journal *j) {
        if (!j) {
                return NULL;
        }
        for (size_t i = 0; i < j->n_facts; i++) {
                free(j->facts[i].key);
                free(j->facts[i].value);
        }
        free(j->facts);
        free(j);
        return NULL;
}

int journal_begin(int runtime_fd) {
        int fd = openat(runtime_fd, "journal",
                        O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);

        return fd < 0 ? -errno : fd;
}

static int write_line(int fd, const char *line, int size) {
        if (size < 0 || size >= LINE_MAX_BYTES) {
                return -E2BIG;
        }
        ssize_t n = write(fd, line, (size_t) size);
        if (n < 0) {
                return -errno;
        }
        return n == size ? 0 : -EIO;
}

int journal_step(int journal_fd, enum tenant_kind kind) {
        char line[LINE_MAX_BYTES];

        return write_line(journal_fd, line,
                          snprintf(line, sizeof(line), "step %s\n", plugin_kind_name[kind]));
}

int journal_fact(int journal_fd, enum tenant_kind kind, const char *key, const char *value) {
        char line[LINE_MAX_BYTES];

        if (strpbrk(key, " \n") || strchr(value, '\n')) {
                return -EINVAL;
        }
        return write_line(
                journal_fd, line,
                snprintf(line, sizeof(line), "fact %s %s %s\n", plugin_kind_name[kind], key, value));
}

static int kind_from_name(const char *name) {
        for (int k = 0; k < TENANT_KIND_COUNT; k++) {
                if (strcmp(plugin_kind_name[k], name) == 0) {
                        return k;
                }
        }
        return -EINVAL;
}

static void add_step(Journal *j, enum tenant_kind kind) {
        for (size_t i = 0; i < j->n_steps; i++) {
                if (j->steps[i] == kind) {
                        return;
                }
        }
        j->steps[j->n_steps++] = kind;
}

static int add_fact(Journal *j, enum tenant_kind kind, const char *key, const char *value) {
        JournalFact *more = reallocarray(j->facts, j->n_facts + 1, sizeof(*more));

        if (!more) {
                return -ENOMEM;
        }
        j->facts = more;
        more[j->n_facts] = (JournalFact){ kind, strdup(key), strdup(value) };
        j->n_facts++;
        return more[j->n_facts - 1].key && more[j->n_facts - 1].value ? 0 : -ENOMEM;
}

static int parse_line(Journal *j, char *line) {
        char *save = NULL;
        const char *word = strtok_r(line, " ", &save), *kind_name = strtok_r(NULL, " ", &save);
        int kind = kind_name ? kind_from_name(kind_name) : -EINVAL;

        if (kind < 0) {
                return 0;
        }
        if (strcmp(word, "step") == 0) {
                add_step(j, (enum tenant_kind) kind);
        } else if (strcmp(word, "fact") == 0) {
                const char *key = strtok_r(NULL, " ", &save);

                if (key) {
                        return add_fact(j, (enum tenant_kind) kind, key, save ? save : "");
                }
        }
        return 0;
}

int journal_read(int runtime_fd, Journal **ret) {
        _cleanup_(journal_free_p) Journal *j = calloc(1, sizeof(*j));
        _cleanup_free_ char *text = NULL;
        char *save = NULL;
        int r;

        if (!j) {
                return -ENOMEM;
        }
        r = file_read(runtime_fd, "journal", JOURNAL_MAX, &text, NULL);
        if (r < 0) {
                return r;
        }
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                r = parse_line(j, line);
                if (r < 0) {
                        return r;
                }
        }
        *ret = TAKE_PTR(j);
        return 0;
}

int journal_end(int runtime_fd) {
        return unlinkat(runtime_fd, "journal", 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keyfile.c: see keyfile.h. Refuses what it could not write back byte for byte: control characters, broken
 * UTF-8, values with blanks around them, words of other alphabets as section or key. Knows no key. Owned by
 * agent/tenant.
 */
#include "keyfile.h"
#include "io.h"
#include "parse.h"
#include "strv.h"
#include <fcntl.h>

#define BLANKS " \t"

static bool word_is_valid(const char *word) {
        size_t n = strnlen(word, KEYFILE_WORD_MAX + 1);

        if (n == 0 || n > KEYFILE_WORD_MAX) {
                return false;
        }
        for (size_t i = 0; i < n; i++) {
                char c = word[i];
                bool alphanumeric =
                        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

                if (!alphanumeric && (i == 0 || !strchr("._-", c))) {
                        return false;
                }
        }
        return true;
}

static bool value_is_valid(const char *value) {
        size_t n = strnlen(value, KEYFILE_VALUE_MAX + 1);

        if (n == 0) {
                return true;
        }
        return text_is_safe(value, KEYFILE_VALUE_MAX) && !strchr(BLANKS, value[0]) &&
               !strchr(BLANKS, value[n - 1]);
}

static void entry_done(KeyfileEntry *e) {
        free(e->section);
        free(e->key);
        free(e->value);
}

Keyfile *keyfile_free(Keyfile *k) {
        if (!k) {
                return NULL;
        }
        for (size_t i = 0; i < k->n_entries; i++) {
                entry_done(&k->entries[i]);
        }
        for (size_t i = 0; i < k->n_files; i++) {
                free(k->files[i]);
        }
        free(k->entries);
        free(k->files);
        free(k);
        return NULL;
}

int keyfile_new(Keyfile **ret) {
        Keyfile *k = calloc(1, sizeof(*k));

        if (!k) {
                return -ENOMEM;
        }
        *ret = k;
        return 0;
}

static KeyfileEntry *find(const Keyfile *k, const char *section, const char *key) {
        for (size_t i = 0; i < k->n_entries; i++) {
                if (strcmp(k->entries[i].key, key) == 0 && strcmp(k->entries[i].section, section) == 0) {
                        return &k->entries[i];
                }
        }
        return NULL;
}

const KeyfileEntry *keyfile_get(const Keyfile *k, const char *section, const char *key) {
        return find(k, section, key);
}

const char *keyfile_value(const Keyfile *k, const char *section, const char *key) {
        const KeyfileEntry *e = find(k, section, key);

        return e ? e->value : NULL;
}

static int append(Keyfile *k, const char *section, const char *key, KeyfileEntry **ret) {
        KeyfileEntry *more = k->entries, *e;

        if (k->n_entries >= KEYFILE_ENTRIES_MAX) {
                return -E2BIG;
        }
        /* Doubled at every power of two; a removal only leaves more room than that. */
        if ((k->n_entries & (k->n_entries - 1)) == 0) {
                more = reallocarray(k->entries, k->n_entries ? k->n_entries * 2 : 1, sizeof(*more));
                if (!more) {
                        return -ENOMEM;
                }
                k->entries = more;
        }
        e = &k->entries[k->n_entries];
        *e = (KeyfileEntry){ .section = strdup(section), .key = strdup(key) };
        if (!e->section || !e->key) {
                entry_done(e);
                return -ENOMEM;
        }
        k->n_entries++;
        *ret = e;
        return 0;
}

static int put(Keyfile *k, const char *section, const char *key, const char *value, const char *file,
               unsigned line) {
        KeyfileEntry *e = find(k, section, key);
        char *copy = strdup(value);

        if (!copy) {
                return -ENOMEM;
        }
        if (!e) {
                int r = append(k, section, key, &e);

                if (r < 0) {
                        free(copy);
                        return r;
                }
        }
        free(e->value);
        e->value = copy;
        e->file = file;
        e->line = line;
        return 0;
}

static void drop(Keyfile *k, KeyfileEntry *e) {
        size_t i = (size_t) (e - k->entries);

        entry_done(e);
        memmove(e, e + 1, (k->n_entries - i - 1) * sizeof(*e));
        k->n_entries--;
}

static char *trim(char *s) {
        size_t n;

        s += strspn(s, BLANKS);
        n = strlen(s);
        while (n > 0 && strchr(BLANKS, s[n - 1])) {
                s[--n] = '\0';
        }
        return s;
}

struct parser {
        Keyfile *keyfile;
        const char *file; /* owned by the keyfile */
        unsigned line;
        char section[KEYFILE_WORD_MAX + 1]; /* empty before the first */
        TenantError *error;
};

_printf_(2, 3) static int refuse(struct parser *p, const char *format, ...) {
        char text[400];
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        return error_set(p->error, EINVAL, E_INVALID_SETTING, "%.256s:%u: %s", p->file, p->line, text);
}

static int parse_section(struct parser *p, char *line) {
        size_t n = strlen(line);

        if (line[n - 1] != ']') {
                return refuse(p, "a section is written as [Name] on a line of its own");
        }
        line[n - 1] = '\0';
        if (!word_is_valid(line + 1)) {
                return refuse(p, "not a section name: 1 to %u letters, digits, '.', '_' and '-'",
                              KEYFILE_WORD_MAX);
        }
        memcpy(p->section, line + 1, n - 1);
        return 0;
}

static int parse_setting(struct parser *p, char *line) {
        char *equals = strchr(line, '='), *key, *value;
        int r;

        if (!equals) {
                return refuse(p, "neither [Section] nor Key=Value; comments begin with #");
        }
        *equals = '\0';
        key = trim(line);
        value = trim(equals + 1);
        if (!word_is_valid(key)) {
                return refuse(p, "not a key: 1 to %u letters, digits, '.', '_' and '-' before the '='",
                              KEYFILE_WORD_MAX);
        }
        if (!p->section[0]) {
                return refuse(p, "%s= stands before the first [Section]; move it below one", key);
        }
        if (strnlen(value, KEYFILE_VALUE_MAX + 1) > KEYFILE_VALUE_MAX) {
                return refuse(p, "[%s] %s= is longer than %u bytes", p->section, key, KEYFILE_VALUE_MAX);
        }
        if (!value_is_valid(value)) {
                return refuse(p, "[%s] %s= has a control character or is not UTF-8", p->section, key);
        }
        r = put(p->keyfile, p->section, key, value, p->file, p->line);
        return r == -E2BIG ? refuse(p, "more than %u settings; remove some", KEYFILE_ENTRIES_MAX) : r;
}

static int parse_line(struct parser *p, char *line) {
        size_t n = strlen(line);

        if (n > 0 && line[n - 1] == '\r') {
                return refuse(p, "the line ends with a carriage return; save the file with Unix line ends");
        }
        line = trim(line);
        if (!*line || *line == '#' || *line == ';') {
                return 0;
        }
        return *line == '[' ? parse_section(p, line) : parse_setting(p, line);
}

static int add_file(Keyfile *k, const char *file, const char **ret) {
        char **more = reallocarray(k->files, k->n_files + 1, sizeof(char *));

        if (!more) {
                return -ENOMEM;
        }
        k->files = more;
        more[k->n_files] = strdup(file);
        if (!more[k->n_files]) {
                return -ENOMEM;
        }
        *ret = more[k->n_files++];
        return 0;
}

int keyfile_parse(Keyfile *k, const char *file, const char *text, TenantError *error) {
        struct parser p = { .keyfile = k, .error = error };
        _cleanup_free_ char *copy = NULL;
        char *rest, *line;
        int r;

        if (strnlen(text, KEYFILE_SIZE_MAX + 1) > KEYFILE_SIZE_MAX) {
                return error_set(error, EINVAL, E_INVALID_SETTING, "%.256s is larger than %u bytes", file,
                                 KEYFILE_SIZE_MAX);
        }
        rest = copy = strdup(text);
        if (!copy) {
                return -ENOMEM;
        }
        r = add_file(k, file, &p.file);
        if (r < 0) {
                return r;
        }
        while ((line = strsep(&rest, "\n"))) {
                p.line++;
                r = parse_line(&p, line);
                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

int keyfile_load(Keyfile *k, const char *path, TenantError *error) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = file_read(AT_FDCWD, path, KEYFILE_SIZE_MAX, &text, &size);

        if (r == -EFBIG) {
                return error_set(error, EINVAL, E_INVALID_SETTING, "%.256s is larger than %u bytes", path,
                                 KEYFILE_SIZE_MAX);
        }
        if (r == -EBADFD) {
                return error_set(error, EINVAL, E_INVALID_SETTING, "%.256s is not a regular file", path);
        }
        if (r < 0) {
                return error_set_errno(error, r, E_FAILED, "Cannot read %.256s", path);
        }
        if (strlen(text) != size) {
                return error_set(error, EINVAL, E_INVALID_SETTING,
                                 "%.256s holds a NUL byte: it is not a text file", path);
        }
        return keyfile_parse(k, path, text, error);
}

static bool is_dropin(const char *name) {
        size_t n = strlen(name);

        return name[0] != '.' && n > 5 && strcmp(name + n - 5, ".conf") == 0;
}

static int list_dropins(const char *directory, char ***ret, TenantError *error) {
        _cleanup_(strv_free_p) char **names = NULL;
        _cleanup_closedir_ DIR *dir = opendir(directory);
        size_t n = 0;

        if (!dir) {
                return errno == ENOENT
                               ? 0
                               : error_set_errno(error, errno, E_FAILED, "Cannot read %.256s", directory);
        }
        for (struct dirent *e; (errno = 0, e = readdir(dir));) {
                int r;

                if (!is_dropin(e->d_name)) {
                        continue;
                }
                if (++n > KEYFILE_DROPINS_MAX) {
                        return error_set(error, EINVAL, E_INVALID_SETTING,
                                         "More than %u drop-ins in %.256s; remove some", KEYFILE_DROPINS_MAX,
                                         directory);
                }
                r = strv_push(&names, e->d_name);
                if (r < 0) {
                        return r;
                }
        }
        if (errno != 0) {
                return error_set_errno(error, errno, E_FAILED, "Cannot read %.256s", directory);
        }
        strv_sort(names);
        *ret = TAKE_PTR(names);
        return 0;
}

int keyfile_load_dropins(Keyfile *k, const char *directory, TenantError *error) {
        _cleanup_(strv_free_p) char **names = NULL;
        int r = list_dropins(directory, &names, error);

        for (char **name = names; r >= 0 && name && *name; name++) {
                _cleanup_free_ char *path = NULL;

                if (asprintf(&path, "%s/%s", directory, *name) < 0) {
                        path = NULL;
                        return -ENOMEM;
                }
                r = keyfile_load(k, path, error);
                if (r == -ENOENT) {
                        return error_set(error, EINVAL, E_INVALID_SETTING,
                                         "%.256s: a link that leads nowhere; remove it", path);
                }
        }
        return r;
}

int keyfile_set(Keyfile *k, const char *section, const char *key, const char *value, TenantError *error) {
        KeyfileEntry *e;
        int r;

        if (!word_is_valid(section) || !word_is_valid(key)) {
                return error_set(error, EINVAL, E_INVALID_SETTING,
                                 "Section and key are 1 to %u letters, digits, '.', '_' and '-'",
                                 KEYFILE_WORD_MAX);
        }
        if (!value) {
                e = find(k, section, key);
                if (e) {
                        drop(k, e);
                }
                return 0;
        }
        if (!value_is_valid(value)) {
                return error_set(error, EINVAL, E_INVALID_SETTING,
                                 "[%s] %s: a value is at most %u bytes of UTF-8 without control characters "
                                 "and without "
                                 "blanks around it",
                                 section, key, KEYFILE_VALUE_MAX);
        }
        r = put(k, section, key, value, NULL, 0);
        if (r == -E2BIG) {
                return error_set(error, EINVAL, E_INVALID_SETTING, "More than %u settings",
                                 KEYFILE_ENTRIES_MAX);
        }
        return r;
}

static bool section_seen(const Keyfile *k, size_t before) {
        for (size_t i = 0; i < before; i++) {
                if (strcmp(k->entries[i].section, k->entries[before].section) == 0) {
                        return true;
                }
        }
        return false;
}

int keyfile_format(const Keyfile *k, char **ret) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f) {
                return -ENOMEM;
        }
        for (size_t i = 0; i < k->n_entries; i++) {
                const char *section = k->entries[i].section;

                if (section_seen(k, i)) {
                        continue;
                }
                fprintf(f, "%s[%s]\n", i > 0 ? "\n" : "", section);
                for (size_t j = i; j < k->n_entries; j++) {
                        if (strcmp(k->entries[j].section, section) == 0) {
                                fprintf(f, "%s=%s\n", k->entries[j].key, k->entries[j].value);
                        }
                }
        }
        if (fclose(f) != 0) {
                return -ENOMEM;
        }
        *ret = TAKE_PTR(text);
        return 0;
}

/* Cuts at a character, not inside one: the text goes to the bus, which takes UTF-8 only. */
static void excerpt(char *buf, size_t size, const char *text) {
        size_t n = strlen(text);

        if (n < size) {
                memcpy(buf, text, n + 1);
                return;
        }
        n = size - sizeof("…");
        while (n > 0 && ((unsigned char) text[n] & 0xC0) == 0x80) {
                n--;
        }
        memcpy(buf, text, n);
        memcpy(buf + n, "…", sizeof("…"));
}

int keyfile_error(const KeyfileEntry *entry, TenantError *error, const char *format, ...) {
        _cleanup_free_ char *text = NULL;
        char reason[320], value[81], place[160] = "";
        va_list ap;
        int r;

        va_start(ap, format);
        r = vasprintf(&text, format, ap);
        va_end(ap);
        if (r < 0) {
                text = NULL;
        }
        excerpt(reason, sizeof(reason), text ? text : "not valid");
        excerpt(value, sizeof(value), entry->value);
        if (entry->file) {
                snprintf(place, sizeof(place), "%.140s:%u: ", entry->file, entry->line);
        }
        return error_set(error, EINVAL, E_INVALID_SETTING, "%s[%s] %s=%s: %s", place, entry->section,
                         entry->key, value, reason);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * apt-sources.c: see apt-sources.h. Reads both formats of sources.list(5). Refuses sources that are switched
 * off or hold no binary packages; passes over what it does not understand, as others' repositories are no
 * reason to fail.
 */
#include "apt-sources.h"
#include "io.h"
#include "strv.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#define FILE_MAX (1024u * 1024u)
#define ENTRY_MAX 4096u
#define BLANKS " \t"

typedef struct Search {
        const char *suite; /* NULL: every suite */
        bool found; /* the suite itself, not only its updates */
        char **entries;
} Search;

/* The suite with what Debian and Ubuntu publish beside it. */
static bool suite_is_wanted(const Search *s, const char *suite) {
        static const char *const beside[] = { "", "-updates", "-security", "/updates" };
        size_t n = s->suite ? strlen(s->suite) : 0;

        if (!s->suite) {
                return true;
        }
        for (size_t i = 0; i < ELEMENTSOF(beside); i++) {
                if (strncmp(suite, s->suite, n) == 0 && strcmp(suite + n, beside[i]) == 0) {
                        return true;
                }
        }
        return false;
}

static bool has_word(const char *list, const char *word) {
        size_t n = strlen(word);

        for (const char *p = list + strspn(list, BLANKS); *p; p += strspn(p, BLANKS)) {
                size_t length = strcspn(p, BLANKS);

                if (length == n && strncmp(p, word, n) == 0) {
                        return true;
                }
                p += length;
        }
        return false;
}

static int entry_add(Search *s, const char *options, const char *uri, const char *suite,
                     const char *components) {
        char entry[ENTRY_MAX];
        int n;

        if (!suite_is_wanted(s, suite) || (s->suite && !has_word(components, "main"))) {
                return 0;
        }
        n = snprintf(entry, sizeof(entry), "deb %s%s%s%s %s %s", *options ? "[" : "", options,
                     *options ? "] " : "", uri, suite, components);
        if (n >= (int) sizeof(entry)) {
                return 0;
        }
        s->found = s->found || !s->suite || strcmp(suite, s->suite) == 0;
        return strv_contains(s->entries, entry) ? 0 : strv_push(&s->entries, entry);
}

/* deb [options] URI SUITE COMPONENTS… */
static int parse_line(Search *s, char *line) {
        const char *options = "", *uri, *suite;
        char *rest = line + strspn(line, BLANKS), *end;

        if (strncmp(rest, "deb", 3) != 0 || !strchr(BLANKS, rest[3]) || !rest[3]) {
                return 0;
        }
        rest += 3 + strspn(rest + 3, BLANKS);
        if (*rest == '[') {
                end = strchr(rest, ']');
                if (!end) {
                        return 0;
                }
                *end = '\0';
                options = rest + 1 + strspn(rest + 1, BLANKS);
                rest = end + 1;
        }
        uri = strtok_r(rest, BLANKS, &rest);
        suite = uri ? strtok_r(NULL, BLANKS, &rest) : NULL;
        if (!suite || !rest) {
                return 0;
        }
        rest[strcspn(rest, "#")] = '\0';
        return entry_add(s, options, uri, suite, rest + strspn(rest, BLANKS));
}

static int parse_list(Search *s, char *text) {
        int r = 0;

        for (char *line = strtok_r(text, "\n", &text); line && r >= 0; line = strtok_r(NULL, "\n", &text)) {
                r = parse_line(s, line);
        }
        return r;
}

/* One stanza of the deb822 format; texts are words separated by blanks. */
typedef struct Stanza {
        char *types, *uris, *suites, *components, *enabled, *signed_by, *trusted;
} Stanza;

static int stanza_add(Search *s, const Stanza *st) {
        char options[1024];
        char *suites_at = NULL;
        int r = 0;

        if (!st->types || !has_word(st->types, "deb") || !st->uris || !st->suites ||
            (st->enabled && strcasecmp(st->enabled, "no") == 0)) {
                return 0;
        }
        /*
         * A key written into the file itself has no place in one line; mmdebstrap then looks for a key ring.
         */
        snprintf(options, sizeof(options), "%s%s%s%s",
                 st->signed_by && st->signed_by[0] == '/' ? "signed-by=" : "",
                 st->signed_by && st->signed_by[0] == '/' ? st->signed_by : "",
                 st->signed_by && st->signed_by[0] == '/' && st->trusted ? " " : "",
                 st->trusted && strcasecmp(st->trusted, "yes") == 0 ? "trusted=yes" : "");
        for (char *suite = strtok_r(st->suites, BLANKS, &suites_at); suite && r >= 0;
             suite = strtok_r(NULL, BLANKS, &suites_at)) {
                _cleanup_free_ char *uris = strdup(st->uris);
                char *at = NULL;

                if (!uris) {
                        return -ENOMEM;
                }
                for (char *uri = strtok_r(uris, BLANKS, &at); uri && r >= 0;
                     uri = strtok_r(NULL, BLANKS, &at)) {
                        r = entry_add(s, options, uri, suite, st->components ? st->components : "");
                }
        }
        return r;
}

static char **stanza_field(Stanza *st, const char *name) {
        const struct {
                const char *name;
                char **place;
        } fields[] = {
                { "Types", &st->types },     { "URIs", &st->uris },
                { "Suites", &st->suites },   { "Components", &st->components },
                { "Enabled", &st->enabled }, { "Signed-By", &st->signed_by },
                { "Trusted", &st->trusted },
        };

        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                if (strcasecmp(fields[i].name, name) == 0) {
                        return fields[i].place;
                }
        }
        return NULL;
}

static char *trim(char *text) {
        size_t n;

        text += strspn(text, BLANKS);
        for (n = strlen(text); n > 0 && strchr(BLANKS "\r", text[n - 1]); n--) {
                text[n - 1] = '\0';
        }
        return text;
}

/* Continuation lines become blanks, so that each field is one line. */
static void unfold(char *text) {
        char *from = text, *to = text;

        while (*from) {
                if (from[0] == '\n' && (from[1] == ' ' || from[1] == '\t')) {
                        *to++ = ' ';
                        from += 2;
                } else {
                        *to++ = *from++;
                }
        }
        *to = '\0';
}

static int parse_stanzas(Search *s, char *text) {
        Stanza stanza = { 0 };
        int r = 0;

        unfold(text);
        for (char *line = text, *next; line && r >= 0; line = next) {
                char *colon;

                next = strchr(line, '\n');
                if (next) {
                        *next++ = '\0';
                }
                colon = strchr(line, ':');
                if (*trim(line) == '\0') {
                        r = stanza_add(s, &stanza);
                        stanza = (Stanza){ 0 };
                } else if (*line != '#' && colon) {
                        *colon = '\0';
                        char **place = stanza_field(&stanza, trim(line));

                        if (place) {
                                *place = trim(colon + 1);
                        }
                }
        }
        return r < 0 ? r : stanza_add(s, &stanza);
}

/* Missing files are fine; others' unreadable ones too. */
static int parse_file(Search *s, const char *path) {
        _cleanup_free_ char *text = NULL;
        const char *dot = strrchr(path, '.');
        int r = file_read(AT_FDCWD, path, FILE_MAX, &text, NULL);

        if (r < 0) {
                return r == -ENOMEM ? r : 0;
        }
        return dot && strcmp(dot, ".sources") == 0 ? parse_stanzas(s, text) : parse_list(s, text);
}

static int parse_directory(Search *s, const char *directory) {
        _cleanup_closedir_ DIR *dir = opendir(directory);
        _cleanup_(strv_free_p) char **names = NULL;
        struct dirent *e;
        int r = 0;

        while (dir && (e = readdir(dir)) && r >= 0) {
                const char *dot = strrchr(e->d_name, '.');

                if (dot && (strcmp(dot, ".list") == 0 || strcmp(dot, ".sources") == 0)) {
                        r = strv_push(&names, e->d_name);
                }
        }
        if (r < 0 || !names) {
                return r;
        }
        strv_sort(names);
        for (size_t i = 0; names[i] && r >= 0; i++) {
                _cleanup_free_ char *path = NULL;

                r = asprintf(&path, "%s/%s", directory, names[i]) < 0 ? -ENOMEM : parse_file(s, path);
        }
        return r;
}

int apt_sources_find(const char *directory, const char *suite, char ***ret, TenantError *error) {
        _cleanup_(strv_free_p) char **entries = NULL;
        Search search = { .suite = suite };
        char path[PATH_MAX];
        int r;

        snprintf(path, sizeof(path), "%s/sources.list", directory);
        r = parse_file(&search, path);
        snprintf(path, sizeof(path), "%s/sources.list.d", directory);
        r = r < 0 ? r : parse_directory(&search, path);
        if (r >= 0 && !search.found) {
                search.suite = NULL;
                search.entries = strv_free(search.entries);
                snprintf(path, sizeof(path), "%s/%s.list", directory, suite);
                r = parse_file(&search, path);
                snprintf(path, sizeof(path), "%s/%s.sources", directory, suite);
                r = r < 0 ? r : parse_file(&search, path);
        }
        entries = search.entries;
        if (r < 0) {
                return error_set_errno(error, r, E_FAILED, "Cannot read the apt sources in %s", directory);
        }
        if (!entries) {
                return error_set(error, ENOENT, E_HOST_NOT_READY,
                                 "No apt source of this host has the suite '%s'; write one to %s/%s.list, "
                                 "as: deb URL-OF-A-MIRROR %s main",
                                 suite, directory, suite, suite);
        }
        *ret = TAKE_PTR(entries);
        return 0;
}

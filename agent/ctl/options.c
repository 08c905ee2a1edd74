/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options.c: the command line against the tables of verbs.c. Refuses what a verb would have to ignore.
 * Owned by tenantctl.
 */
#include "config.h"
#include "ctl.h"
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* getopt values of long options, above every letter. */
#define LONG_BASE 256

const char *opt_value(const Ctl *c, OptionId id) {
        const GPtrArray *given = c->options[id];

        return given ? g_ptr_array_index(given, given->len - 1) : NULL;
}

int ctl_usage(Ctl *c, const char *format, ...) {
        TenantError e = { .code = -EINVAL, .name = "Usage" };
        va_list ap;

        va_start(ap, format);
        vsnprintf(e.message, sizeof(e.message), format, ap);
        va_end(ap);
        (void) ctl_fail(c, NULL, NULL, &e); /* the status is known here */
        return CTL_USAGE;
}

/* Edits (insert, delete, change, swap of neighbours) from a to b; words longer than 64 are never near. */
static unsigned edit_distance(const char *a, const char *b) {
        size_t n = strlen(a), m = strlen(b);
        unsigned rows[3][65];
        unsigned *before = rows[0], *last = rows[1], *now = rows[2];

        if (n > 64 || m > 64) {
                return UINT32_MAX;
        }
        for (size_t j = 0; j <= m; j++) {
                last[j] = (unsigned) j;
        }
        for (size_t i = 1; i <= n; i++) {
                unsigned *spare = before;

                now[0] = (unsigned) i;
                for (size_t j = 1; j <= m; j++) {
                        unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);

                        best = MIN(best, MIN(last[j], now[j - 1]) + 1);
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                                best = MIN(best, before[j - 2] + 1);
                        }
                        now[j] = best;
                }
                before = last;
                last = now;
                now = spare;
        }
        return last[m];
}

char *suggest(const char *word, GPtrArray *words) {
        unsigned best = strlen(word) > 4 ? 3 : 2; /* must be below */
        const char *nearest = NULL;

        for (guint i = 0; i < words->len; i++) {
                const char *candidate = g_ptr_array_index(words, i);
                unsigned distance = edit_distance(word, candidate);

                if (distance < best) {
                        best = distance;
                        nearest = candidate;
                }
        }
        return nearest ? g_strdup_printf(" (did you mean '%s'?)", nearest) : g_strdup("");
}

static int unknown_option(Ctl *c, const char *word) {
        _cleanup_array_ GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
        _cleanup_gfree_ char *bare = g_strndup(word, strcspn(word, "="));
        _cleanup_gfree_ char *hint = NULL;

        for (OptionId id = 0; id < OPT_COUNT; id++) {
                g_ptr_array_add(names, g_strdup_printf("--%s", ctl_options[id].name));
        }
        hint = suggest(bare, names);
        return ctl_usage(c, "there is no option '%s'%s; see tenantctl help", bare, hint);
}

/* getopt's tables, made from ours. */
static void getopt_tables(struct option longs[static OPT_COUNT + 1], char shorts[static 2 * OPT_COUNT + 3]) {
        char *p = stpcpy(shorts, "-:");

        for (OptionId id = 0; id < OPT_COUNT; id++) {
                const OptionInfo *o = &ctl_options[id];

                longs[id] = (struct option){ o->name, o->argument ? required_argument : no_argument, NULL,
                                             LONG_BASE + (int) id };
                if (o->letter) {
                        *p++ = o->letter;
                        if (o->argument) {
                                *p++ = ':';
                        }
                }
        }
        *p = '\0';
        longs[OPT_COUNT] = (struct option){ 0 };
}

static int option_of_letter(int letter) {
        for (OptionId id = 0; id < OPT_COUNT; id++) {
                if (ctl_options[id].letter == letter) {
                        return (int) id;
                }
        }
        return -1;
}

static void option_add(Ctl *c, OptionId id, char *value) {
        if (!c->options[id]) {
                c->options[id] = g_ptr_array_new();
        }
        g_ptr_array_add(c->options[id], value ?: (char *) (uintptr_t) "");
}

/* What follows the first word of run's command belongs to that command. */
static bool command_begins(const GPtrArray *words) {
        return words->len == 3 && strcmp(g_ptr_array_index(words, 0), "run") == 0;
}

static int read_words(Ctl *c, int argc, char **argv, GPtrArray *words) {
        struct option longs[OPT_COUNT + 1];
        char shorts[2 * OPT_COUNT + 3];

        getopt_tables(longs, shorts);
        opterr = 0;
        optind = 0;
        while (!command_begins(words)) {
                int o = getopt_long(argc, argv, shorts, longs, NULL);

                if (o < 0) {
                        break;
                }
                if (o == 1) {
                        g_ptr_array_add(words, optarg);
                } else if (o == ':') {
                        return ctl_usage(c, "option '%s' needs a value", argv[optind - 1]);
                } else if (o == '?') {
                        const char letter[] = { '-', (char) optopt, '\0' };

                        return unknown_option(c, optopt && optopt < LONG_BASE ? letter : argv[optind - 1]);
                } else {
                        option_add(c, (OptionId) (o >= LONG_BASE ? o - LONG_BASE : option_of_letter(o)),
                                   optarg);
                }
        }
        for (int i = optind; i < argc; i++) {
                g_ptr_array_add(words, argv[i]);
        }
        return 0;
}

static int unknown_verb(Ctl *c, const char *first, const char *second) {
        _cleanup_array_ GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
        _cleanup_gfree_ char *hint = NULL, *whole = NULL;
        bool family = false;

        for (const Verb *v = ctl_verbs; v->name; v++) {
                size_t length = strlen(first);

                g_ptr_array_add(names, g_strdup(v->name));
                family = family || (strncmp(v->name, first, length) == 0 && v->name[length] == ' ');
        }
        whole = family && second ? g_strdup_printf("%s %s", first, second) : g_strdup(first);
        hint = suggest(whole, names);
        if (family && !second) {
                return ctl_usage(c, "'%s' needs a second word; see tenantctl help %s", first, first);
        }
        return ctl_usage(c, "there is no verb '%s'%s; see tenantctl help", whole, hint);
}

static int find_verb(Ctl *c, GPtrArray *words) {
        const char *first = g_ptr_array_index(words, 0);
        const char *second = words->len > 1 ? g_ptr_array_index(words, 1) : NULL;
        _cleanup_gfree_ char *both = g_strdup_printf("%s %s", first, second ?: "");

        for (const Verb *v = ctl_verbs; v->name; v++) {
                bool two = strchr(v->name, ' ');

                if (strcmp(v->name, two ? both : first) == 0) {
                        c->verb = v;
                        g_ptr_array_remove_range(words, 0, two ? 2 : 1);
                        return 0;
                }
        }
        return unknown_verb(c, first, second);
}

static int check_verb(Ctl *c, const GPtrArray *args) {
        const Verb *v = c->verb;

        for (OptionId id = 0; id < OPT_COUNT; id++) {
                if (opt_given(c, id) && !((OPT_GLOBAL | v->options) & OPT_BIT(id))) {
                        return ctl_usage(c, "'%s' has no option --%s; see tenantctl help %s", v->name,
                                         ctl_options[id].name, v->name);
                }
        }
        if ((int) args->len < v->min_args || (v->max_args >= 0 && (int) args->len > v->max_args)) {
                return ctl_usage(c, "too %s arguments; it is: tenantctl %s %s",
                                 (int) args->len < v->min_args ? "few" : "many", v->name, v->arguments);
        }
        return 0;
}

/* --help after a verb is help of that verb. */
static int find_help(Ctl *c) {
        for (const Verb *v = ctl_verbs; v->name; v++) {
                if (v->run == verb_help) {
                        c->verb = v;
                }
        }
        return 0;
}

int ctl_parse(Ctl *c, int argc, char **argv, GPtrArray *ret_args) {
        int r = read_words(c, argc, argv, ret_args);

        if (r != 0 || opt_given(c, OPT_VERSION)) {
                return r;
        }
        if (opt_given(c, OPT_HELP)) {
                g_ptr_array_set_size(ret_args, (int) MIN(ret_args->len, 2u));
                if (ret_args->len == 2 && strcmp(g_ptr_array_index(ret_args, 0), "image") != 0) {
                        g_ptr_array_set_size(ret_args, 1);
                }
                return find_help(c);
        }
        if (ret_args->len == 0) {
                return ctl_usage(c, "what shall be done? See tenantctl help");
        }
        r = find_verb(c, ret_args);
        return r != 0 ? r : check_verb(c, ret_args);
}

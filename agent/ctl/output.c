/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * output.c: tables for people, JSON for programs. Refuses to send control characters to a terminal, since
 * texts may come from inside a tenant. Owned by tenantctl.
 */
#include "ctl.h"
#include "parse.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct Table {
        GPtrArray *headers;
        GPtrArray *cells; /* row by row */
};

Table *table_new(const char *first_header, ...) {
        Table *t = g_new0(Table, 1);
        va_list ap;

        t->headers = g_ptr_array_new();
        t->cells = g_ptr_array_new_with_free_func(g_free);
        va_start(ap, first_header);
        for (const char *h = first_header; h; h = va_arg(ap, const char *)) {
                g_ptr_array_add(t->headers, (char *) (uintptr_t) h);
        }
        va_end(ap);
        return t;
}

Table *table_free(Table *t) {
        if (t) {
                g_ptr_array_unref(t->headers);
                g_ptr_array_unref(t->cells);
                g_free(t);
        }
        return NULL;
}

char *text_clean(const char *text) {
        char *clean = g_utf8_make_valid(text, -1);

        for (char *p = clean; *p; p = g_utf8_next_char(p)) {
                gunichar ch = g_utf8_get_char(p);

                /* also what turns the direction of writing round */
                if (g_unichar_iscntrl(ch) || g_unichar_type(ch) == G_UNICODE_FORMAT) {
                        memset(p, '?', (size_t) (g_utf8_next_char(p) - p));
                }
        }
        return clean;
}

int text_width(const char *text) {
        int width = 0;

        for (const char *p = text; *p; p = g_utf8_next_char(p)) {
                gunichar ch = g_utf8_get_char(p);

                width += g_unichar_iszerowidth(ch) ? 0 : g_unichar_iswide(ch) ? 2 : 1;
        }
        return width;
}

bool color_wanted(void) {
        const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

        return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

void table_cell(Table *t, const char *text) {
        g_ptr_array_add(t->cells, text && *text ? text_clean(text) : g_strdup("-"));
}

void table_size(Table *t, bool known, uint64_t bytes) {
        char buf[32];

        table_cell(t, known ? format_size(bytes, buf) : NULL);
}

static bool header_is_right(const char *header) {
        return *header == '>';
}

static const char *header_text(const char *header) {
        return header + header_is_right(header);
}

static const char *color_of(const char *cell) {
        static const char *const good[] = { "running", "ok", "done", "yes", NULL };
        static const char *const bad[] = { "failed", "error", "no", "timeout", NULL };
        static const char *const middle[] = { "starting", "stopping", "warning", "canceled", NULL };

        return g_strv_contains(good, cell)     ? "\033[32m"
               : g_strv_contains(bad, cell)    ? "\033[31m"
               : g_strv_contains(middle, cell) ? "\033[33m"
                                               : NULL;
}

static void print_cell(const char *text, int pad, bool right, bool last, bool color) {
        const char *tint = color ? color_of(text) : NULL;

        if (right) {
                printf("%*s", pad, "");
        }
        printf("%s%s%s", tint ?: "", text, tint ? "\033[0m" : "");
        if (!last) {
                printf("%*s", (right ? 0 : pad) + 2, "");
        }
}

static void column_widths(const Table *t, bool legend, int *widths) {
        guint columns = t->headers->len;

        for (guint i = 0; i < columns; i++) {
                widths[i] = legend ? text_width(header_text(g_ptr_array_index(t->headers, i))) : 0;
        }
        for (guint i = 0; i < t->cells->len; i++) {
                widths[i % columns] = MAX(widths[i % columns], text_width(g_ptr_array_index(t->cells, i)));
        }
}

static void print_rows(const Table *t, bool legend) {
        guint columns = t->headers->len;
        g_autofree int *widths = g_new0(int, columns);
        bool color = color_wanted();

        column_widths(t, legend, widths);
        for (guint i = 0; legend && i < columns; i++) {
                const char *header = g_ptr_array_index(t->headers, i), *text = header_text(header);

                print_cell(text, widths[i] - text_width(text), header_is_right(header), i + 1 == columns,
                           false);
        }
        printf("%s", legend ? "\n" : "");
        for (guint i = 0; i < t->cells->len; i++) {
                guint column = i % columns;
                const char *text = g_ptr_array_index(t->cells, i);

                print_cell(text, widths[column] - text_width(text),
                           header_is_right(g_ptr_array_index(t->headers, column)), column + 1 == columns,
                           color);
                printf("%s", column + 1 == columns ? "\n" : "");
        }
}

void table_print(const Ctl *c, const Table *t, const char *noun) {
        guint columns = t->headers->len, rows = t->cells->len / columns;
        bool legend = !opt_given(c, OPT_NO_LEGEND);

        if (opt_given(c, OPT_QUIET)) {
                for (guint i = 0; i < t->cells->len; i += columns) {
                        printf("%s\n", (const char *) g_ptr_array_index(t->cells, i));
                }
                return;
        }
        print_rows(t, legend && rows > 0);
        if (legend) {
                printf("%s%u %s%s.\n", rows > 0 ? "\n" : "", rows, noun, rows == 1 ? "" : "s");
        }
}

int ctl_print_json(json_object *o) {
        int flags = JSON_C_TO_STRING_NOSLASHESCAPE |
                    (isatty(STDOUT_FILENO) ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED
                                           : JSON_C_TO_STRING_PLAIN);

        puts(json_object_to_json_string_ext(o, flags));
        return CTL_OK;
}

json_object *json_member(json_object *o, const char *key) {
        json_object *member = NULL;

        return json_object_object_get_ex(o, key, &member) ? member : NULL;
}

const char *json_text(json_object *o, const char *key) {
        json_object *member = json_member(o, key);

        return member ? json_object_get_string(member) : "";
}

uint64_t json_number(json_object *o, const char *key) {
        json_object *member = json_member(o, key);

        return member ? json_object_get_uint64(member) : 0;
}

void json_set_text(json_object *o, const char *key, const char *text) {
        json_object_object_add(o, key, json_object_new_string(text));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * progress.c: see progress.h. Never wraps a line and never prints what --quiet or --json forbids. Owned by
 * tenantctl.
 */
#include "progress.h"
#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>

void progress_init(Progress *p, const Ctl *c) {
        const char *term = getenv("TERM");

        *p = (Progress){
                .enabled = !opt_given(c, OPT_QUIET) && !opt_given(c, OPT_JSON),
                .terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0,
        };
}

static int terminal_columns(void) {
        struct winsize size;

        return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* Cuts valid UTF-8 to at most `columns` of the screen, in place. */
static void cut_to_width(char *text, int columns) {
        int width = 0;

        for (char *p = text; *p; p = g_utf8_next_char(p)) {
                gunichar ch = g_utf8_get_char(p);

                width += g_unichar_iszerowidth(ch) ? 0 : g_unichar_iswide(ch) ? 2 : 1;
                if (width > columns) {
                        *p = '\0';
                        return;
                }
        }
}

void progress_draw(Progress *p, const char *subject, const char *stage, double fraction,
                   uint64_t elapsed_usec, unsigned others) {
        _cleanup_gfree_ char *line = NULL, *clean = NULL;
        uint64_t seconds = elapsed_usec / 1000000;
        char percent[16] = "", more[32] = "";

        if (!p->enabled || !p->terminal) {
                return;
        }
        if (fraction >= 0) {
                snprintf(percent, sizeof(percent), " %3.0f%%", MIN(fraction, 1.0) * 100);
        }
        if (others > 0) {
                snprintf(more, sizeof(more), " (and %u more)", others);
        }
        line = g_strdup_printf("%s: %s%s %" PRIu64 ":%02" PRIu64 "%s", subject, *stage ? stage : "waiting",
                               percent, seconds / 60, seconds % 60, more);
        clean = text_clean(line);
        cut_to_width(clean, terminal_columns() - 1);
        fprintf(stderr, "\r%s\033[K", clean);
        p->drawn = true;
}

void progress_stage(const Progress *p, const char *subject, const char *stage) {
        if (p->enabled && !p->terminal && *stage) {
                _cleanup_gfree_ char *clean = text_clean(stage);

                fprintf(stderr, "%s: %s\n", subject, clean);
        }
}

void progress_clear(Progress *p) {
        if (p->drawn) {
                fprintf(stderr, "\r\033[K");
                p->drawn = false;
        }
}

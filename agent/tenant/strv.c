/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* strv.c: see strv.h. Owned by agent/tenant. */
#include "strv.h"
#include <errno.h>
#include <string.h>

char **strv_free(char **v) {
        for (char **s = v; s && *s; s++) {
                free(*s);
        }
        free(v);
        return NULL;
}

size_t strv_length(char *const *v) {
        size_t n = 0;

        while (v && v[n]) {
                n++;
        }
        return n;
}

bool strv_contains(char *const *v, const char *s) {
        for (; v && *v; v++) {
                if (strcmp(*v, s) == 0) {
                        return true;
                }
        }
        return false;
}

int strv_push(char ***v, const char *s) {
        size_t n = strv_length(*v);
        char **more = reallocarray(*v, n + 2, sizeof(char *));

        if (!more) {
                return -ENOMEM;
        }
        *v = more;
        more[n] = strdup(s);
        if (!more[n]) {
                return -ENOMEM;
        }
        more[n + 1] = NULL;
        return 0;
}

static int compare(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

void strv_sort(char **v) {
        if (v) {
                qsort(v, strv_length(v), sizeof(char *), compare);
        }
}

char *strv_join(char *const *v, const char *separator) {
        size_t size = 1, gap = strlen(separator);
        char *text, *p;

        for (char *const *s = v; s && *s; s++) {
                size += strlen(*s) + gap;
        }
        p = text = calloc(1, size);
        for (char *const *s = v; text && s && *s; s++) {
                p = stpcpy(s == v ? p : stpcpy(p, separator), *s);
        }
        return text;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* strv.h: NULL-terminated vectors of strings. */
#pragma once

#include "cleanup.h"
#include <stdbool.h>
#include <stddef.h>

char **strv_free(char **v);
DEFINE_CLEANUP(char **, strv_free)

size_t strv_length(char *const *v); /* NULL: 0 */
bool strv_contains(char *const *v, const char *s);

/* Appends a copy; *v may be NULL. -ENOMEM. */
int strv_push(char ***v, const char *s) _must_check_;

/* Byte order. */
void strv_sort(char **v);

/* The strings joined by `separator`; "" for an empty vector. NULL: no memory. The caller frees. */
char *strv_join(char *const *v, const char *separator);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * idrange.c: see idrange.h. Refuses to guess: a line of /etc/subuid that is not understood stops the
 * allocation. Knows nothing of tenants. Owned by agent/tenant.
 */
#include "idrange.h"
#include "cleanup.h"
#include "io.h"
#include "parse.h"
#include "paths.h"
#include <fcntl.h>

#define SUBID_SIZE_MAX (4u * 1024 * 1024)

static int compare_base(const void *a, const void *b) {
        const IdRange *x = a, *y = b;

        return x->base < y->base ? -1 : x->base > y->base;
}

static uint64_t align_up(uint64_t id) {
        return (id + ID_ALIGN - 1) / ID_ALIGN * ID_ALIGN;
}

/*
 * First gap of `count` in ranges sorted by base. 64 bits wide, since a foreign range may reach the end of
 * the 32.
 */
static uint64_t first_gap(const IdRange *sorted, size_t n, uint32_t count) {
        uint64_t candidate = TENANT_ID_FIRST;

        for (size_t i = 0; i < n; i++) {
                uint64_t first = sorted[i].base, end = first + sorted[i].count;

                if (first >= candidate + count) {
                        break;
                }
                if (end > candidate && end > first) {
                        candidate = align_up(end);
                }
        }
        return candidate;
}

int idrange_choose(uint32_t count, const IdRange *used, size_t n_used, const IdRange *foreign,
                   size_t n_foreign, IdRange *ret, TenantError *error) {
        _cleanup_free_ IdRange *all = NULL;
        uint64_t base;

        if (count == 0 || count % ID_ALIGN != 0) {
                return error_set(error, EINVAL, E_INVALID_SETTING, "A range of ids is a multiple of %u",
                                 ID_ALIGN);
        }
        all = calloc(n_used + n_foreign + 1, sizeof(IdRange));
        if (!all) {
                return -ENOMEM;
        }
        if (n_used > 0) {
                memcpy(all, used, n_used * sizeof(IdRange));
        }
        if (n_foreign > 0) {
                memcpy(all + n_used, foreign, n_foreign * sizeof(IdRange));
        }
        qsort(all, n_used + n_foreign, sizeof(IdRange), compare_base);
        base = first_gap(all, n_used + n_foreign, count);
        if (base + count - 1 > ID_WINDOW_LAST) {
                return error_set(error, ENOSPC, E_NO_SPACE,
                                 "No %u free user ids are left in %u..%u; remove a tenant, lower "
                                 "[Namespace] Ids= or free "
                                 "ranges of /etc/subuid there",
                                 count, TENANT_ID_FIRST, ID_WINDOW_LAST);
        }
        *ret = (IdRange){ .base = (uint32_t) base, .count = count };
        return 0;
}

/* Decimal without leading zeros: what shadow's tools would read in another base is not ours to interpret. */
static int parse_subid_number(const char *text, uint64_t *ret) {
        return text[0] == '0' && text[1] ? -EINVAL : parse_u64(text, ret);
}

/* owner:first:count. 1: a range in the window, 0: none, -EBADMSG. The line is changed. */
static int parse_subid_line(char *line, IdRange *ret) {
        char *rest = line, *owner = strsep(&rest, ":"), *first_text = strsep(&rest, ":");
        uint64_t first, count, end;

        if (!*owner || !first_text || !rest || parse_subid_number(first_text, &first) < 0 ||
            parse_subid_number(rest, &count) < 0 || __builtin_add_overflow(first, count, &end)) {
                return -EBADMSG;
        }
        if (count == 0 || end <= ID_WINDOW_FIRST || first > ID_WINDOW_LAST) {
                return 0;
        }
        first = first < ID_WINDOW_FIRST ? ID_WINDOW_FIRST : first;
        end = end > ID_WINDOW_LAST ? (uint64_t) ID_WINDOW_LAST + 1 : end;
        *ret = (IdRange){ .base = (uint32_t) first, .count = (uint32_t) (end - first) };
        return 1;
}

static int add_range(IdRange **ranges, size_t *n, IdRange range) {
        IdRange *more = reallocarray(*ranges, *n + 1, sizeof(IdRange));

        if (!more) {
                return -ENOMEM;
        }
        *ranges = more;
        more[(*n)++] = range;
        return 0;
}

int idrange_parse_subid(const char *file, const char *text, IdRange **ret, size_t *ret_n,
                        TenantError *error) {
        _cleanup_free_ IdRange *ranges = NULL;
        _cleanup_free_ char *copy = strdup(text);
        char *rest = copy, *line;
        unsigned number = 0;
        size_t n = 0;

        if (!copy) {
                return -ENOMEM;
        }
        while ((line = strsep(&rest, "\n"))) {
                IdRange range;
                int r;

                number++;
                if (!*line || *line == '#') {
                        continue;
                }
                r = parse_subid_line(line, &range);
                if (r < 0) {
                        return error_set(error, r, E_HOST_NOT_READY,
                                         "%.256s:%u: not OWNER:FIRST:COUNT in decimal, so tenantd cannot "
                                         "tell which ids are "
                                         "taken; correct the line",
                                         file, number);
                }
                r = r > 0 ? add_range(&ranges, &n, range) : 0;
                if (r < 0) {
                        return r;
                }
        }
        *ret = TAKE_PTR(ranges);
        *ret_n = n;
        return 0;
}

/* Appends the ranges of a file. */
static int add_subid_file(const char *file, IdRange **ranges, size_t *n, TenantError *error) {
        _cleanup_free_ IdRange *found = NULL;
        _cleanup_free_ char *text = NULL;
        size_t n_found = 0, size;
        int r = file_read(AT_FDCWD, file, SUBID_SIZE_MAX, &text, &size);

        if (r == -ENOENT) {
                return 0;
        }
        if (r >= 0 && strlen(text) != size) {
                r = -EBADMSG;
        }
        if (r < 0) {
                return error_set_errno(error, r, E_HOST_NOT_READY,
                                       "Cannot read %.256s to see which ids are taken", file);
        }
        r = idrange_parse_subid(file, text, &found, &n_found, error);
        for (size_t i = 0; r >= 0 && i < n_found; i++) {
                r = add_range(ranges, n, found[i]);
        }
        return r;
}

int idrange_foreign(IdRange **ret, size_t *ret_n, TenantError *error) {
        _cleanup_free_ IdRange *ranges = NULL;
        size_t n = 0;
        int r = add_subid_file(path_get(PATH_SUBUID), &ranges, &n, error);

        if (r >= 0) {
                r = add_subid_file(path_get(PATH_SUBGID), &ranges, &n, error);
        }
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(ranges);
        *ret_n = n;
        return 0;
}

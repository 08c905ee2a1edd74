/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-subid.c: /etc/subuid and /etc/subgid, by which ids are nobody's or somebody's. What is taken lies in the window of ids and is read
 * back the same; what is refused is an unfit host, with the line. Owned by tests/fuzz.
 */
#include "fuzz.h"
#include "idrange.h"

static void check_range(const IdRange *range) {
        property(range->count > 0 && range->base >= ID_WINDOW_FIRST);
        property((uint64_t) range->base + range->count - 1 <= ID_WINDOW_LAST);
}

static void check_round_trip(const IdRange *range) {
        _cleanup_free_ IdRange *again = NULL;
        TenantError e = {};
        char text[64];
        size_t n = 0;

        snprintf(text, sizeof(text), "alice:%u:%u\n", range->base, range->count);
        property(idrange_parse_subid("subuid", text, &again, &n, &e) == 0);
        property(n == 1 && again[0].base == range->base && again[0].count == range->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = strndup((const char *) data, size);
        _cleanup_free_ IdRange *ranges = NULL;
        TenantError e = {};
        size_t n = 0;
        int r;

        property(text);
        r = idrange_parse_subid("subuid", text, &ranges, &n, &e);
        if (r < 0) {
                property(!ranges && r == -EBADMSG && strcmp(e.name, E_HOST_NOT_READY) == 0);
                fuzz_check_error(r, &e);
                return 0;
        }
        for (size_t i = 0; i < n; i++) {
                check_range(&ranges[i]);
                check_round_trip(&ranges[i]);
        }
        return 0;
}

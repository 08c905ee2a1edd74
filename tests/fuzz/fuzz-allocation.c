/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-allocation.c: allocation files. What is taken lies in the window of ids and is written back the same;
 * what is refused is Damaged, with what to do. Owned by tests/fuzz.
 */
#include "allocation.h"
#include "fuzz.h"
#include "name.h"

static void check_allocation(const Allocation *a) {
        property(strlen(a->uuid) == 36);
        property(a->index <= ALLOCATION_INDEX_MAX && a->project_id == PROJECT_ID_BASE + a->index);
        property(a->ids.base >= TENANT_ID_FIRST && a->ids.base % ID_ALIGN == 0);
        property(a->ids.count >= ID_ALIGN && a->ids.count % ID_ALIGN == 0);
        property((uint64_t) a->ids.base + a->ids.count - 1 <= ID_WINDOW_LAST);
        property(a->n_facts <= ALLOCATION_FACTS_MAX);
        for (size_t i = 0; i < TENANT_KIND_COUNT; i++) {
                property(tenant_name_is_valid(a->backends[i]) && strcmp(a->backends[i], "auto") != 0);
        }
}

static void check_same(const Allocation *a, const Allocation *b) {
        property(strcmp(a->uuid, b->uuid) == 0);
        property(a->index == b->index && a->docker_port == b->docker_port);
        property(a->ids.base == b->ids.base && a->ids.count == b->ids.count);
        property(a->n_facts == b->n_facts);
        for (size_t i = 0; i < TENANT_KIND_COUNT; i++) {
                property(strcmp(a->backends[i], b->backends[i]) == 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(keyfile_free_p) Keyfile *k = fuzz_parse(data, size), *written = NULL;
        _cleanup_(allocation_free_p) Allocation *a = NULL, *again = NULL;
        TenantError e = {};
        int r;

        if (!k) {
                return 0;
        }
        r = allocation_from_keyfile("acme", k, &a, &e);
        if (r < 0) {
                property(!a && (r == -EBADMSG || r == -ENOMEM));
                fuzz_check_error(r, &e);
                return 0;
        }
        check_allocation(a);
        property(allocation_to_keyfile(a, &written, &e) == 0);
        fuzz_check_round_trip(written);
        property(allocation_from_keyfile("acme", written, &again, &e) == 0);
        check_same(a, again);
        return 0;
}

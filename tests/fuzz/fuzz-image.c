/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-image.c: image manifests. What is taken is written back the same; what is refused is Damaged. Owned
 * by tests/fuzz.
 */
#include "fuzz.h"
#include "image.h"
#include "parse.h"

static void check_same(const Image *a, const Image *b) {
        property(strcmp(a->digest, b->digest) == 0 && strcmp(a->source, b->source) == 0);
        property(strcmp(a->profile, b->profile) == 0);
        property(a->size_bytes == b->size_bytes && a->entries == b->entries);
        property(a->created_usec == b->created_usec && a->skipped == b->skipped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(keyfile_free_p) Keyfile *k = fuzz_parse(data, size), *written = NULL;
        _cleanup_(image_free_p) Image *image = NULL, *again = NULL;
        TenantError e = {};
        int r;

        if (!k) {
                return 0;
        }
        r = image_from_keyfile("bookworm", k, &image, &e);
        if (r < 0) {
                property(!image && (r == -EBADMSG || r == -ENOMEM));
                fuzz_check_error(r, &e);
                return 0;
        }
        property(strlen(image->digest) == strlen("sha256:") + 64);
        property(text_is_safe(image->source, 256));
        property(image_to_keyfile(image, &written, &e) == 0);
        property(image_from_keyfile("bookworm", written, &again, &e) == 0);
        check_same(image, again);
        return 0;
}

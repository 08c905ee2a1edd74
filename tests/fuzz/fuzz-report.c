/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-report.c: what an unpacker tells that a hostile archive has taken over: the input is its packet, or the beginning of one. What
 * passes can be shown and sent on the bus. Owned by tests/fuzz.
 */
#include "fuzz.h"
#include "parse.h"
#include "unpack.h"
#include <sys/socket.h>

static void check_failed(const TenantError *e) {
        property(e->code < 0 && e->code >= -4095 && e->name[0]);
        property(strspn(e->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == strlen(e->name));
        for (const char *p = e->message; *p; p++) {
                property(*p >= 0x20 && *p < 0x7F);
        }
}

static void check_report(const UnpackReport *r) {
        property((unsigned) r->type <= UNPACK_FAILED);
        property(memchr(r->digest, 0, sizeof(r->digest)) &&
                 memchr(r->error.name, 0, sizeof(r->error.name)) &&
                 memchr(r->error.message, 0, sizeof(r->error.message)));
        if (r->type == UNPACK_DONE) {
                property(strlen(r->digest) == 71 && text_is_safe(r->digest, 71));
        } else if (r->type == UNPACK_FAILED) {
                check_failed(&r->error);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static int pair[2] = { -1, -1 };
        UnpackReport sent = {}, report;
        int r;

        if (pair[0] < 0) {
                property(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
        }
        memcpy(&sent, data, size < sizeof(sent) ? size : sizeof(sent));
        if (size > sizeof(sent) && size <= 65536) { /* too long, as it is */
                property(send(pair[0], data, size, 0) == (ssize_t) size);
        } else {
                property(send(pair[0], &sent, sizeof(sent), 0) == (ssize_t) sizeof(sent));
        }
        r = unpack_receive(pair[1], &report);
        property(r == 1 || r == -EBADMSG);
        if (r == 1) {
                check_report(&report);
        }
        return 0;
}

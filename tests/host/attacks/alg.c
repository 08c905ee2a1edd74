/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * alg.c: the way to Copy Fail (CVE-2026-31431): a socket of the kernel's cryptography, bound to the algorithm that wrote to the page
 * cache of files that the caller may only read. Goes no further than that.
 *
 *   alg native|high-bits|i386|socketcall
 */
#include "ways.h"
#include <linux/if_alg.h>
#include <sys/socket.h>

int main(int argc, char **argv) {
        struct sockaddr_alg address = { .salg_family = AF_ALG,
                                        .salg_type = "aead",
                                        .salg_name = "authencesn(hmac(sha256),cbc(aes))" };
        long fd;

        if (argc != 2) {
                say("usage: alg WAY");
                return ATTACK_BROKEN;
        }
        fd = socket_by(argv[1], AF_ALG, SOCK_SEQPACKET, 0);
        if (fd < 0) {
                say("socket(AF_ALG), %s: %s", argv[1], strerror((int) -fd));
                return ATTACK_STOPPED;
        }
        if (bind((int) fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
                /* The socket alone is more than a tenant may have. */
                say("a socket, but bind: %s", strerror(errno));
                return ATTACK_SUCCEEDED;
        }
        say("%s: %s is ours to use", argv[1], (const char *) address.salg_name);
        return ATTACK_SUCCEEDED;
}

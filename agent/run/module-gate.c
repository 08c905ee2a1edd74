/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * module-gate.c: stands between the kernel's requests for modules and modprobe(8) while a host has tenants. The kernel loads a
 * module for whoever asks for a protocol, a file system, a kind of link or a filter expression, also from a tenant, and cannot be
 * told to look at who it is. So the gate looks at what is asked for: what a tenant can cause is refused, what only the host can
 * goes on to modprobe. Modules that are asked for by name (modprobe, modules-load.d, udev) never come here.
 *
 *   module-gate --close    makes itself kernel.modprobe   (tenantd-modules.service, before the first tenant)
 *   module-gate --open     puts modprobe back
 *   module-gate -q -- ALIAS...                            the kernel's call
 *
 * Owned by the kernel: it runs as root of the host with an environment of the kernel's, and its argument is partly a tenant's
 * choice. Refuses to look at anything else, and to write a log, which a tenant could fill.
 */
#include "config.h"
#include "io.h"
#include "module-policy.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define MODPROBE "/sbin/modprobe"
#define GATE TENANTD_LIBEXEC_DIR "/module-gate"

/* What is there is changed only if it is one of the two: a third one is somebody's choice. */
static int set_helper(const char *from, const char *to) {
        _cleanup_free_ char *now = NULL;
        int r = file_read(AT_FDCWD, "/proc/sys/kernel/modprobe", 4096, &now, NULL);

        if (r >= 0) {
                now[strcspn(now, "\n")] = '\0';
                if (strcmp(now, to) == 0) {
                        return 0;
                }
                if (strcmp(now, from) != 0) {
                        fprintf(stderr, "module-gate: kernel.modprobe is '%s', and stays it\n", now);
                        return EXIT_FAILURE;
                }
                r = file_write_at(AT_FDCWD, "/proc/sys/kernel/modprobe", to);
        }
        if (r < 0) {
                fprintf(stderr, "module-gate: cannot set kernel.modprobe to %s: %s\n", to, strerror(-r));
        }
        return r < 0 ? EXIT_FAILURE : 0;
}

static int answer_kernel(int argc, char **argv) {
        for (int i = 3; i < argc; i++) {
                if (!module_request_is_hosts(argv[i])) {
                        return EXIT_FAILURE;
                }
        }
        argv[0] = (char *) MODPROBE;
        execv(MODPROBE, argv);
        return EXIT_FAILURE;
}

int main(int argc, char **argv) {
        if (argc == 2 && strcmp(argv[1], "--close") == 0) {
                return set_helper(MODPROBE, GATE);
        }
        if (argc == 2 && strcmp(argv[1], "--open") == 0) {
                return set_helper(GATE, MODPROBE);
        }
        if (argc >= 4 && strcmp(argv[1], "-q") == 0 && strcmp(argv[2], "--") == 0) {
                return answer_kernel(argc, argv);
        }
        fprintf(stderr, "usage: module-gate --close | --open\n");
        return 2;
}

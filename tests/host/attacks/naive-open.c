/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * naive-open.c: preloaded into tenant-run and tenantd by the suite's switch naive-open: an openat2(2) that forgot how to refuse, and takes
 * its time. Links are followed wherever they lead, and what blocks blocks.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((visibility("default"))) long syscall(long number, ...);

static long open_naively(int dir_fd, const char *path, const struct open_how *how) {
        const int flags = (int) how->flags & ~(O_NOFOLLOW | O_NONBLOCK | O_EXCL);

        usleep(1000);
        return openat(dir_fd, path, flags, (mode_t) how->mode);
}

long syscall(long number, ...) {
        static long (*real)(long, ...);
        long a[6];
        va_list ap;

        va_start(ap, number);
        for (int i = 0; i < 6; i++) {
                a[i] = va_arg(ap, long);
        }
        va_end(ap);
        if (number == SYS_openat2) {
                return open_naively((int) a[0], (const char *) a[1], (const struct open_how *) a[2]);
        }
        if (!real) {
                real = (long (*)(long, ...)) dlsym(RTLD_NEXT, "syscall");
        }
        return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

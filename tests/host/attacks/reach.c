/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reach.c: system calls that a tenant has no business with, each with arguments that do no harm whoever makes it. What the filter
 * answers is known (the golden list); any other answer is the kernel's own, so the call got through. A call that a kernel does not
 * have answers like the filter, and does not count.
 *
 *   reach native|i386
 */
#include "attack.h"
#include "int80.h"
#include <linux/reboot.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NONE (-1)
/* Replaced by a path that does not exist, below 4 GiB. */
#define PATH_ARGUMENT 0x7a7a7a7a

typedef struct Call {
        const char *name;
        int native, i386; /* numbers of x86; NONE: the table has none */
        long arguments[5];
        int golden;
} Call;

#ifdef __x86_64__
static const Call calls[] = {
        { "kexec_load", 246, 283, { 0, -1, 0, 0 }, ENOSYS },
        { "kexec_file_load", 320, NONE, { -1, -1, 0, 0, 0 }, ENOSYS },
        { "init_module", 175, 128, { 0, 0, 0 }, ENOSYS },
        { "finit_module", 313, 350, { -1, 0, 0 }, ENOSYS },
        { "delete_module", 176, 129, { 0, 0 }, ENOSYS },
        { "swapon", 167, 87, { PATH_ARGUMENT, 0 }, EPERM },
        { "swapoff", 168, 115, { PATH_ARGUMENT }, EPERM },
        { "acct", 163, 51, { PATH_ARGUMENT }, EPERM },
        { "iopl", 172, 110, { 0 }, EPERM },
        { "ioperm", 173, 101, { 0, 0, 0 }, EPERM },
        { "settimeofday", 164, 79, { 0, 0 }, EPERM },
        { "stime", NONE, 25, { 0 }, EPERM },
        { "clock_settime", 227, 264, { 9999, 0 }, EPERM },
        { "clock_settime64", NONE, 404, { 9999, 0 }, EPERM },
        { "vhangup", 153, 111, { 0 }, EPERM },
        { "quotactl", 179, 131, { 0x7f00, 0, 0, 0 }, EPERM },
        { "quotactl_fd", 443, 443, { -1, 0x7f00, 0, 0 }, EPERM },
        { "vm86old", NONE, 113, { 0 }, ENOSYS },
        { "vm86", NONE, 166, { 0, 0 }, ENOSYS },
        { "modify_ldt", 154, 123, { 0, 0, 0 }, ENOSYS },
        { "syslog", 103, 103, { 10, 0, 0 }, EPERM },
        { "ustat", 136, 62, { 0, 0 }, ENOSYS },
        { "cachestat", 451, 451, { -1, 0, 0, 0 }, ENOSYS },
        { "open_by_handle_at", 304, 342, { -1, 0, 0 }, ENOSYS },
        { "io_uring_setup", 425, 425, { 0, 0 }, ENOSYS },
        { "io_uring_enter", 426, 426, { -1, 0, 0, 0, 0 }, ENOSYS },
        { "io_uring_register", 427, 427, { -1, 0, 0, 0 }, ENOSYS },
        { "userfaultfd", 323, 374, { -1 }, EPERM },
        { "perf_event_open", 298, 336, { 0, 0, 0, -1, 0 }, EPERM },
        { "bpf", 321, 357, { 9999, 0, 0 }, EPERM },
        /* Magic numbers that are none: refused by the kernel in any case. */
        { "reboot(kexec)", 169, 88, { 0, 0, LINUX_REBOOT_CMD_KEXEC, 0 }, EPERM },
        { "reboot(suspend)", 169, 88, { 0, 0, LINUX_REBOOT_CMD_SW_SUSPEND, 0 }, EPERM },
        { "ioctl(TIOCSTI)", 16, 54, { -1, TIOCSTI, 0 }, EPERM },
        { "ioctl(TIOCLINUX)", 16, 54, { -1, TIOCLINUX, 0 }, EPERM },
        { "umount2(MNT_FORCE)", 166, 52, { PATH_ARGUMENT, MNT_FORCE }, EPERM },
        { "x32 read", 0x40000000, NONE, { -1, 0, 0 }, ENOSYS },
};
#else
static const Call calls[] = {
        { "io_uring_setup", SYS_io_uring_setup, NONE, { 0, 0 }, ENOSYS },
        { "open_by_handle_at", SYS_open_by_handle_at, NONE, { -1, 0, 0 }, ENOSYS },
        { "bpf", SYS_bpf, NONE, { 9999, 0, 0 }, EPERM },
};
#endif

/* 0 or the errno. */
static int make(const Call *call, bool i386, const char *path) {
        long a[5], r;

        for (size_t i = 0; i < 5; i++) {
                a[i] = call->arguments[i] == PATH_ARGUMENT ? (long) (uintptr_t) path : call->arguments[i];
        }
        if (i386) {
                r = int80(call->i386, a[0], a[1], a[2], a[3], a[4]);
                return r < 0 ? (int) -r : 0;
        }
        r = syscall(call->native, a[0], a[1], a[2], a[3], a[4]);
        return r < 0 ? errno : 0;
}

int main(int argc, char **argv) {
        const bool i386 = argc == 2 && strcmp(argv[1], "i386") == 0;
        int through = 0, made = 0;
        char *path = low_page();

        if (argc != 2 || !path || (!i386 && strcmp(argv[1], "native") != 0)) {
                say("usage: reach native|i386");
                return ATTACK_BROKEN;
        }
        strcpy(path, "/no/such/path");
        for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
                int code;

                if ((i386 ? calls[i].i386 : calls[i].native) == NONE) {
                        continue;
                }
                made++;
                code = make(&calls[i], i386, path);
                if (code != calls[i].golden) {
                        through++;
                        say("%s got through: %s", calls[i].name, code ? strerror(code) : "done");
                }
        }
        say("%s: %d of %d calls got through the filter", argv[1], through, made);
        return through > 0 ? ATTACK_SUCCEEDED : ATTACK_STOPPED;
}

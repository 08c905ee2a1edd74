/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reports.c: calls that a filter of its own reports to the kernel's audit (SECCOMP_RET_LOG).
 *
 *   reports COUNT
 */
#include "attack.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        const struct sock_fprog filter = { sizeof(code) / sizeof(code[0]), code };

        if (argc != 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
            syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0) {
                broken("reports COUNT");
        }
        for (int i = atoi(argv[1]); i > 0; i--) {
                syscall(SYS_getppid);
        }
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * euid.c: what a set-uid copy of a shell would be: says who it has become, on one line, "EUID CAPEFF". The attack that made the copy
 * judges.
 */
#include "attack.h"
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = { { 0 } };

        if (syscall(SYS_capget, &header, data) < 0) {
                broken("capget");
        }
        say("%u %08x%08x", geteuid(), data[1].effective, data[0].effective);
        return 0;
}

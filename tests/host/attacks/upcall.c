/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * upcall.c: asks the kernel for a key that nobody has, with a text for the program that could make one; the kernel then runs
 * /sbin/request-key as root of the host. Says what the kernel answered; who looks whether it ran is outside.
 */
#include "attack.h"
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
        if (syscall(SYS_request_key, "user", "tenantd:attack", "a text of the tenant's", 0) >= 0) {
                return ATTACK_SUCCEEDED;
        }
        stopped("request_key");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ia32.c: whether this kernel has the 32-bit table of system calls, for attacks that need it. */
#include "int80.h"

int main(void) {
        return !has_int80();
}

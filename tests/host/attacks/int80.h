/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * int80.h: system calls of the 32-bit x86 table made by a 64-bit program: int $0x80 enters that table whatever the program is, so no
 * 32-bit compiler is needed. Pointers must be below 4 GiB: low_page().
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
/* Some kernels have none (ia32_emulation=off, or a machine that runs 64-bit code only) and end who tries. */
static inline bool has_int80(void) {
        static int known = -1;
        pid_t pid = known < 0 ? fork() : -1;
        int status;

        if (pid == 0) {
                long r;

                (void) signal(SIGSEGV, SIG_DFL);
                __asm__ volatile("int $0x80"
                                 : "=a"(r)
                                 : "a"(20)
                                 : "memory", "r8", "r9", "r10", "r11"); /* getpid */
                _exit((int) r <= 0);
        }
        if (pid > 0) {
                known = waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
        }
        return known > 0;
}

/* The result, or negative errno. Arguments are 32 bits wide. */
static inline long int80(long nr, long a, long b, long c, long d, long e) {
        long r;

        if (!has_int80()) {
                return -38; /* ENOSYS */
        }
        __asm__ volatile("int $0x80"
                         : "=a"(r)
                         : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
                         : "memory", "r8", "r9", "r10", "r11");
        return (int) r;
}
#else
static inline bool has_int80(void) {
        return false;
}

static inline long int80(long nr, long a, long b, long c, long d, long e) {
        return -38; /* ENOSYS: there is no such table */
}
#endif

/* A page that 32-bit pointers reach; NULL if there is none. */
static inline void *low_page(void) {
#ifdef MAP_32BIT
        void *page =
                mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

        return page == MAP_FAILED ? NULL : page;
#else
        return NULL;
#endif
}

#define I386_SOCKETCALL 102
#define I386_SOCKETCALL_SOCKET 1
#define I386_SOCKETCALL_SOCKETPAIR 8
#define I386_SOCKET 359

/* socket(2) by one of the ways in; the descriptor, or negative errno. */
static inline long socketcall32(int call, int family, int type, int protocol) {
        static uint32_t *page;

        page = page ? page : low_page();
        if (!page) {
                return -12; /* ENOMEM */
        }
        page[0] = (uint32_t) family;
        page[1] = (uint32_t) type;
        page[2] = (uint32_t) protocol;
        page[3] = (uint32_t) (uintptr_t) (page + 16); /* socketpair's result */
        return int80(I386_SOCKETCALL, call, (long) (uintptr_t) page, 0, 0, 0);
}

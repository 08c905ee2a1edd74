/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exec-shim.c: the last program of tenantd's on the way into a tenant, a few kilobytes without a library. It executes argv[0], looked
 * up by the tenant's PATH unless it has a slash; when that fails it says so as a shell would and ends with 127 or 126. See
 * compose/shim.h for what it is there for. Refuses nothing and has nothing: no descriptor but the three standard ones, no argument or
 * variable of its own, no file that it would read.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#define PATH_ROOM 4096

#if defined(__x86_64__)
__asm__(".globl _start\n"
        "_start:\n"
        "        xor %ebp, %ebp\n"
        "        mov %rsp, %rdi\n"
        "        and $-16, %rsp\n"
        "        call shim_main\n"
        "        hlt\n");

static long call3(long number, long a, long b, long c) {
        long result;

        __asm__ volatile("syscall"
                         : "=a"(result)
                         : "a"(number), "D"(a), "S"(b), "d"(c)
                         : "rcx", "r11", "memory");
        return result;
}
#elif defined(__aarch64__)
__asm__(".globl _start\n"
        "_start:\n"
        "        mov x29, #0\n"
        "        mov x30, #0\n"
        "        mov x0, sp\n"
        "        bl shim_main\n"
        "        brk #1\n");

static long call3(long number, long a, long b, long c) {
        register long x8 __asm__("x8") = number;
        register long x0 __asm__("x0") = a;
        register long x1 __asm__("x1") = b;
        register long x2 __asm__("x2") = c;

        __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
        return x0;
}
#else
#error "write _start and call3() for this architecture"
#endif

static size_t length_of(const char *s) {
        size_t n = 0;

        while (s[n]) {
                n++;
        }
        return n;
}

static bool has_slash(const char *s) {
        for (; *s; s++) {
                if (*s == '/') {
                        return true;
                }
        }
        return false;
}

static void put(const char *s) {
        (void) call3(__NR_write, 2, (long) s, (long) length_of(s)); /* nobody else to tell */
}

static const char *text_of(long error) {
        switch (error) {
        case -ENOENT:
                return "No such file or directory";
        case -EACCES:
                return "Permission denied";
        case -ENOEXEC:
                return "Exec format error";
        case -ELOOP:
                return "Too many levels of symbolic links";
        default:
                return "The system call failed";
        }
}

static const char *path_of(char *const *environment) {
        for (; *environment; environment++) {
                const char *e = *environment;

                if (e[0] == 'P' && e[1] == 'A' && e[2] == 'T' && e[3] == 'H' && e[4] == '=') {
                        return e + 5;
                }
        }
        return "";
}

/* The next directory of PATH with the name behind it, or NULL when it does not fit; *path moves on. */
static const char *candidate(const char **path, const char *name, char *room) {
        size_t n = 0;

        while (**path && **path != ':' && n < PATH_ROOM - 2) {
                room[n++] = *(*path)++;
        }
        while (**path && *(*path)++ != ':') {
        }
        room[n++] = '/';
        if (n + length_of(name) >= PATH_ROOM) {
                return NULL;
        }
        for (; *name; name++) {
                room[n++] = *name;
        }
        room[n] = '\0';
        return room;
}

static long run(const char *file, char **argv, char **environment) {
        return call3(__NR_execve, (long) file, (long) argv, (long) environment);
}

/* execvp(3): what cannot be executed is passed by, but told when there is nothing better. */
static long search(char **argv, char **environment) {
        static char room[PATH_ROOM];
        long error = -ENOENT;

        for (const char *path = path_of(environment); *path;) {
                const char *file = candidate(&path, argv[0], room);
                long r = file ? run(file, argv, environment) : -ENAMETOOLONG;

                if (r == -EACCES) {
                        error = r;
                } else if (r != -ENOENT && r != -ENOTDIR && r != -ENAMETOOLONG) {
                        return r;
                }
        }
        return error;
}

/* The stack as the kernel leaves it: the number of arguments, the arguments, NULL, the environment, NULL. */
__attribute__((used)) _Noreturn void shim_main(long *stack);
_Noreturn void shim_main(long *stack) {
        char **argv = (char **) (stack + 1), **environment = argv + stack[0] + 1;
        long error = -ENOENT;

        if (stack[0] > 0 && argv[0][0]) {
                error = has_slash(argv[0]) ? run(argv[0], argv, environment) : search(argv, environment);
                put("tenantd: cannot run ");
                put(argv[0]);
                put(": ");
                put(text_of(error));
                put("\n");
        }
        for (;;) {
                (void) call3(__NR_exit_group, error == -ENOENT ? 127 : 126, 0, 0);
        }
}

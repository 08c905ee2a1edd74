/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * peek.c: reaches for a process by its number. As the victim it holds a secret and waits to be killed; as the attacker it takes the
 * secret out of the victim's memory, by each of the kernel's ways, or ends it.
 *
 *   peek hold FILE             writes the address of its secret to FILE, and waits
 *   peek read PID ADDRESS      by process_vm_readv(2), /proc/PID/mem, ptrace(2)
 *   peek fds PID               takes a descriptor of it, by pidfd_getfd(2)
 *   peek end PID               kill(2)
 */
#include "attack.h"
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "the-victims-secret"

static char secret[] = SECRET;

static int hold(const char *file) {
        FILE *f = fopen(file, "we");

        if (!f || fprintf(f, "%lx\n", (unsigned long) (uintptr_t) secret) < 0 || fclose(f) != 0) {
                broken(file);
        }
        for (;;) {
                pause();
        }
}

static bool by_vm_readv(pid_t pid, unsigned long address, char *to) {
        struct iovec ours = { to, sizeof(SECRET) },
                     theirs = { (void *) (uintptr_t) address, sizeof(SECRET) }; // NOLINT

        return process_vm_readv(pid, &ours, 1, &theirs, 1, 0) == (ssize_t) sizeof(SECRET);
}

static bool by_mem(pid_t pid, unsigned long address, char *to) {
        char path[64];
        int fd;
        bool done;

        snprintf(path, sizeof(path), "/proc/%d/mem", (int) pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        done = fd >= 0 && pread(fd, to, sizeof(SECRET), (off_t) address) == (ssize_t) sizeof(SECRET);
        if (fd >= 0) {
                close(fd);
        }
        return done;
}

static bool by_ptrace(pid_t pid, unsigned long address, char *to) {
        if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0 || waitpid(pid, NULL, __WALL) < 0) {
                return false;
        }
        for (size_t i = 0; i < sizeof(SECRET); i += sizeof(long)) {
                long word = ptrace(PTRACE_PEEKDATA, pid, (void *) (uintptr_t) (address + i), NULL); // NOLINT

                memcpy(to + i, &word, sizeof(SECRET) - i < sizeof(word) ? sizeof(SECRET) - i : sizeof(word));
        }
        (void) ptrace(PTRACE_DETACH, pid, NULL, NULL);
        return true;
}

static int read_secret(pid_t pid, unsigned long address) {
        static bool (*const ways[])(pid_t, unsigned long, char *) = { by_vm_readv, by_mem, by_ptrace };
        static const char *const names[] = { "process_vm_readv", "/proc/PID/mem", "ptrace" };
        char got[sizeof(SECRET) + sizeof(long)] = "";

        for (size_t i = 0; i < 3; i++) {
                if (ways[i](pid, address, got) && strcmp(got, SECRET) == 0) {
                        say("%s: %s", names[i], got);
                        return ATTACK_SUCCEEDED;
                }
                say_errno(names[i]);
        }
        return ATTACK_STOPPED;
}

/* The victim's standard input is a file that only it has open. */
static int take_fd(pid_t pid) {
        int pidfd = (int) syscall(SYS_pidfd_open, pid, 0), fd;
        char text[64] = "";

        if (pidfd < 0) {
                stopped("pidfd_open");
        }
        fd = (int) syscall(SYS_pidfd_getfd, pidfd, 0, 0);
        if (fd < 0) {
                stopped("pidfd_getfd");
        }
        if (pread(fd, text, sizeof(text) - 1, 0) < 0 || !strstr(text, SECRET)) {
                say("somebody else's descriptor");
                return ATTACK_STOPPED;
        }
        say("pidfd_getfd: %s", text);
        return ATTACK_SUCCEEDED;
}

static int end(pid_t pid) {
        if (kill(pid, SIGKILL) < 0) {
                stopped("kill");
        }
        say("killed number %d", (int) pid);
        return ATTACK_SUCCEEDED; /* of whom: the attack looks */
}

int main(int argc, char **argv) {
        if (argc == 3 && strcmp(argv[1], "hold") == 0) {
                return hold(argv[2]);
        }
        if (argc == 4 && strcmp(argv[1], "read") == 0) {
                return read_secret(atoi(argv[2]), strtoul(argv[3], NULL, 16));
        }
        if (argc == 3 && strcmp(argv[1], "fds") == 0) {
                return take_fd(atoi(argv[2]));
        }
        if (argc == 3 && strcmp(argv[1], "end") == 0) {
                return end(atoi(argv[2]));
        }
        say("usage: peek hold FILE | read PID ADDRESS | fds PID | end PID");
        return ATTACK_BROKEN;
}

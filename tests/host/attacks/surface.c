/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * surface.c: the large interfaces that exploits of the kernel are made with, each used for what it is good at, not only called.
 *
 *   surface io-uring       submits a request to a ring of its own and takes the answer
 *   surface userfaultfd    holds a page fault in its own hands (what makes races of the kernel easy to win)
 *   surface perf           samples what all of the machine executes on a processor
 *   surface bpf            loads a program into the kernel
 *   surface tiocsti        puts a command into the input of a terminal, natively, with bits above the command, by 32-bit code
 */
#include "attack.h"
#include "int80.h"
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int io_uring(void) {
        struct io_uring_params p = { 0 };
        int fd = (int) syscall(SYS_io_uring_setup, 4, &p);
        struct io_uring_sqe *sqe;
        struct io_uring_cqe *cqe;
        char *sq, *cq;

        if (fd < 0) {
                stopped("io_uring_setup");
        }
        sq = mmap(NULL, p.sq_off.array + p.sq_entries * sizeof(unsigned), PROT_READ | PROT_WRITE, MAP_SHARED,
                  fd, IORING_OFF_SQ_RING);
        cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(*cqe), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                  IORING_OFF_CQ_RING);
        sqe = mmap(NULL, p.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                   IORING_OFF_SQES);
        if (sq == MAP_FAILED || cq == MAP_FAILED || sqe == MAP_FAILED) {
                broken("mmap");
        }
        *sqe = (struct io_uring_sqe){ .opcode = IORING_OP_NOP, .user_data = 4711 };
        *(unsigned *) (void *) (sq + p.sq_off.array) = 0;
        __atomic_store_n((unsigned *) (void *) (sq + p.sq_off.tail), 1, __ATOMIC_RELEASE);
        if (syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0) {
                stopped("io_uring_enter");
        }
        cqe = (void *) (cq + p.cq_off.cqes);
        if (cqe->user_data != 4711) {
                broken("no answer");
        }
        say("io_uring works");
        return ATTACK_SUCCEEDED;
}

/* Of faults in user space only, which asks for no privilege at all. */
static int userfault(void) {
        struct uffdio_api api = { .api = UFFD_API };
        struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
        int fd = (int) syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
        void *page;

        if (fd < 0) {
                stopped("userfaultfd");
        }
        page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        reg.range.start = (uintptr_t) page;
        reg.range.len = 4096;
        if (ioctl(fd, UFFDIO_API, &api) < 0 || ioctl(fd, UFFDIO_REGISTER, &reg) < 0) {
                stopped("UFFDIO_REGISTER");
        }
        say("page faults are ours to hold");
        return ATTACK_SUCCEEDED;
}

static int perf(void) {
        struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
                                        .size = sizeof(attr),
                                        .config = PERF_COUNT_SW_CPU_CLOCK,
                                        .sample_period = 1000000,
                                        .sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID };
        int fd = (int) syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0);

        if (fd < 0) {
                stopped("perf_event_open");
        }
        say("all that runs on processor 0 can be sampled");
        return ATTACK_SUCCEEDED;
}

static int load_bpf(void) {
        static const struct bpf_insn program[] = {
                { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
                { .code = BPF_JMP | BPF_EXIT },
        };
        union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
                                .insn_cnt = 2,
                                .insns = (uintptr_t) program,
                                .license = (uintptr_t) "GPL" };

        if (syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)) < 0) {
                stopped("bpf");
        }
        say("a program was loaded into the kernel");
        return ATTACK_SUCCEEDED;
}

/* A terminal of its own stands for the one that it would share with the host. */
static int tiocsti(void) {
        int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), slave, zero = 0;
        char *byte = low_page();

        if (master < 0 || !byte || ioctl(master, TIOCSPTLCK, &zero) < 0) {
                broken("/dev/ptmx");
        }
        (void) setsid();
        slave = ioctl(master, TIOCGPTPEER, O_RDWR);
        if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) < 0) {
                broken("a terminal");
        }
        *byte = '\n';
        if (ioctl(slave, TIOCSTI, byte) == 0 || syscall(SYS_ioctl, slave, TIOCSTI | 1ul << 32, byte) == 0 ||
            int80(54, slave, TIOCSTI, (long) (uintptr_t) byte, 0, 0) == 0) {
                say("a command was put into a terminal's input");
                return ATTACK_SUCCEEDED;
        }
        stopped("ioctl(TIOCSTI)");
}

int main(int argc, char **argv) {
        static const struct {
                const char *name;
                int (*use)(void);
        } all[] = { { "io-uring", io_uring },
                    { "userfaultfd", userfault },
                    { "perf", perf },
                    { "bpf", load_bpf },
                    { "tiocsti", tiocsti } };

        for (size_t i = 0; argc == 2 && i < sizeof(all) / sizeof(all[0]); i++) {
                if (strcmp(argv[1], all[i].name) == 0) {
                        return all[i].use();
                }
        }
        say("usage: surface io-uring|userfaultfd|perf|bpf|tiocsti");
        return ATTACK_BROKEN;
}

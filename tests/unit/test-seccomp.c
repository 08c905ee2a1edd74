/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-seccomp.c: what the compiled filter answers, for every system call number of both architectures, against the golden list
 * below: a call that is refused and not in it, or the other way round, fails. Runs the filter as the kernel would, without loading
 * it. What the running kernel makes of it is tests/host/attacks/K8-*. Owned by tests/unit.
 */
#include "io.h"
#include "unit.h"
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/reboot.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>

#define NUMBERS 1024
#define X32_BIT 0x40000000

static struct sock_filter *filter;
static size_t filter_size;
static bool packet_sockets; /* whose filter it is */

/* Refused whatever the arguments. */
static const struct {
        const char *name;
        int error;
} golden[] = {
        { "_sysctl", ENOSYS },
        { "acct", EPERM },
        { "add_key", ENOSYS },
        { "bpf", EPERM },
        { "cachestat", ENOSYS },
        { "clock_settime", EPERM },
        { "clock_settime64", EPERM },
        { "create_module", ENOSYS },
        { "delete_module", ENOSYS },
        { "finit_module", ENOSYS },
        { "get_kernel_syms", ENOSYS },
        { "init_module", ENOSYS },
        { "io_uring_enter", ENOSYS },
        { "io_uring_register", ENOSYS },
        { "io_uring_setup", ENOSYS },
        { "ioperm", EPERM },
        { "iopl", EPERM },
        { "kexec_file_load", ENOSYS },
        { "kexec_load", ENOSYS },
        { "keyctl", ENOSYS },
        { "lookup_dcookie", ENOSYS },
        { "modify_ldt", ENOSYS },
        { "nfsservctl", ENOSYS },
        { "open_by_handle_at", ENOSYS },
        { "perf_event_open", EPERM },
        { "query_module", ENOSYS },
        { "quotactl", EPERM },
        { "quotactl_fd", EPERM },
        { "request_key", ENOSYS },
        { "settimeofday", EPERM },
        { "stime", EPERM },
        { "swapoff", EPERM },
        { "swapon", EPERM },
        { "syslog", EPERM },
        { "uselib", ENOSYS },
        { "userfaultfd", EPERM },
        { "ustat", ENOSYS },
        { "vhangup", EPERM },
        { "vm86", ENOSYS },
        { "vm86old", ENOSYS },
};

/* What systemd, dockerd, runc and their kind must have; some runtimes' defaults refuse these. */
static const char *const wanted[] = {
        "mount",
        "umount2",
        "pivot_root",
        "setns",
        "unshare",
        "clone",
        "clone3",
        "fsopen",
        "fsconfig",
        "fsmount",
        "move_mount",
        "open_tree",
        "mount_setattr",
        "openat2",
        "name_to_handle_at",
        "seccomp",
        "ptrace",
        "personality",
        "process_vm_readv",
        "pidfd_getfd",
        "fanotify_init",
        "sethostname",
        "mknod",
        "chroot",
        "reboot",
        "sched_setscheduler",
        "close_range",
        "statx",
        "memfd_create",
        "mlockall",
        "capset",
        "setdomainname",
        "ioctl",
};

static uint32_t load(const struct seccomp_data *d, uint32_t offset) {
        uint32_t word;

        assert_true(offset % 4 == 0 && offset + 4 <= sizeof(*d));
        memcpy(&word, (const char *) d + offset, sizeof(word));
        return word;
}

static bool jump(const struct sock_filter *f, uint32_t a) {
        switch (BPF_OP(f->code)) {
        case BPF_JEQ:
                return a == f->k;
        case BPF_JGT:
                return a > f->k;
        case BPF_JGE:
                return a >= f->k;
        case BPF_JSET:
                return a & f->k;
        default:
                fail_msg("jump %#x is unknown to this test", f->code);
                return false;
        }
}

/* The part of classic BPF that libseccomp uses. */
static uint32_t run(const struct seccomp_data *d) {
        uint32_t a = 0;

        for (size_t i = 0; i < filter_size; i++) {
                const struct sock_filter *f = &filter[i];

                if (f->code == (BPF_LD | BPF_W | BPF_ABS)) {
                        a = load(d, f->k);
                } else if (f->code == (BPF_ALU | BPF_AND | BPF_K)) {
                        a &= f->k;
                } else if (f->code == (BPF_JMP | BPF_JA)) {
                        i += f->k;
                } else if (BPF_CLASS(f->code) == BPF_JMP) {
                        i += jump(f, a) ? f->jt : f->jf;
                } else if (f->code == (BPF_RET | BPF_K)) {
                        return f->k;
                } else {
                        fail_msg("instruction %#x is unknown to this test", f->code);
                }
        }
        fail_msg("the filter ends without an answer");
        return 0;
}

/* The errno of the answer, 0 for allowed. */
static int answer(uint32_t arch, int nr, uint64_t a0, uint64_t a1, uint64_t a2) {
        const struct seccomp_data d = { .arch = arch, .nr = nr, .args = { a0, a1, a2 } };
        const uint32_t action = run(&d);

        if (action == SECCOMP_RET_ALLOW) {
                return 0;
        }
        assert_int_equal(action & SECCOMP_RET_ACTION_FULL, SECCOMP_RET_ERRNO);
        return (int) (action & SECCOMP_RET_DATA);
}

static int golden_of(uint32_t arch, int nr) {
        for (size_t i = 0; i < ELEMENTSOF(golden); i++) {
                if (seccomp_syscall_resolve_name_arch(arch, golden[i].name) == nr) {
                        return golden[i].error;
                }
        }
        return 0;
}

/* Arguments that no rule about arguments minds: AF_UNIX, SOCK_DGRAM, 0. */
static void check_numbers(uint32_t arch) {
        for (int nr = 0; nr < NUMBERS; nr++) {
                const bool socketcall = arch == AUDIT_ARCH_I386 && nr == 102;

                if (!socketcall && answer(arch, nr, AF_UNIX, SOCK_DGRAM, 0) != golden_of(arch, nr)) {
                        char *name = seccomp_syscall_resolve_num_arch(arch, nr);

                        fail_msg("%s (%d) of architecture %#x: errno %d, wanted %d", name, nr, arch,
                                 answer(arch, nr, AF_UNIX, SOCK_DGRAM, 0), golden_of(arch, nr));
                }
        }
}

static void test_all_numbers(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(golden); i++) {
                assert_int_not_equal(seccomp_syscall_resolve_name(golden[i].name), __NR_SCMP_ERROR);
        }
        check_numbers(seccomp_arch_native());
#ifdef __x86_64__
        check_numbers(AUDIT_ARCH_I386);
#endif
}

static void test_wanted(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(wanted); i++) {
                const int nr = seccomp_syscall_resolve_name(wanted[i]);

                assert_true(nr >= 0);
                assert_int_equal(answer(seccomp_arch_native(), nr, 0, 0, 0), 0);
        }
}

static void check_families(uint32_t arch) {
        const int calls[] = { seccomp_syscall_resolve_name_arch(arch, "socket"),
                              seccomp_syscall_resolve_name_arch(arch, "socketpair") };

        for (size_t i = 0; i < ELEMENTSOF(calls); i++) {
                /* 32-bit x86: libseccomp's number of socket(2) is that of the socketcall. */
                const int nr = calls[i] >= 0 ? calls[i] : i == 0 ? 359 : 360;

                for (uint64_t family = 0; family < 300; family++) {
                        const bool good = family == AF_UNIX || family == AF_INET || family == AF_INET6 ||
                                          family == AF_NETLINK || (packet_sockets && family == AF_PACKET);
                        const int error = good ? 0 : EAFNOSUPPORT;

                        assert_int_equal(answer(arch, nr, family, SOCK_RAW, 0), error);
                        /* The kernel looks at 32 bits of the family. */
                        assert_int_equal(answer(arch, nr, family | 1ull << 40, SOCK_RAW, 0), error);
                }
                assert_int_equal(answer(arch, nr, UINT32_MAX, SOCK_RAW, 0), EAFNOSUPPORT);
        }
        assert_int_equal(answer(arch, calls[0] >= 0 ? calls[0] : 359, AF_NETLINK, SOCK_RAW, NETLINK_AUDIT),
                         EAFNOSUPPORT);
}

static void test_families(void **state) {
        check_families(seccomp_arch_native());
}

/* The family is in memory, so it is refused whole. Other socketcalls act on sockets that exist. */
static void test_families_of_32_bit(void **state) {
#ifdef __x86_64__
        check_families(AUDIT_ARCH_I386);
        for (uint64_t call = 1; call <= 20; call++) {
                const bool makes = call == 1 /* SYS_SOCKET */ || call == 8 /* SYS_SOCKETPAIR */;

                assert_int_equal(answer(AUDIT_ARCH_I386, 102, call, 0x1000, 0), makes ? EAFNOSUPPORT : 0);
        }
#else
        skip();
#endif
}

static void check_arguments(uint32_t arch) {
        const int ioctl_nr = seccomp_syscall_resolve_name_arch(arch, "ioctl"),
                  umount_nr = seccomp_syscall_resolve_name_arch(arch, "umount2"),
                  reboot_nr = seccomp_syscall_resolve_name_arch(arch, "reboot");

        assert_int_equal(answer(arch, ioctl_nr, 0, TIOCSTI, 0), EPERM);
        assert_int_equal(answer(arch, ioctl_nr, 0, TIOCLINUX, 0), EPERM);
        /* The kernel looks at 32 bits of the command (CVE-2019-10063). */
        assert_int_equal(answer(arch, ioctl_nr, 0, TIOCSTI | 1ull << 32, 0), EPERM);
        assert_int_equal(answer(arch, ioctl_nr, 0, TIOCGWINSZ, 0), 0);
        assert_int_equal(answer(arch, umount_nr, 0, MNT_FORCE | MNT_DETACH, 0), EPERM);
        assert_int_equal(answer(arch, umount_nr, 0, MNT_DETACH, 0), 0);
        assert_int_equal(answer(arch, reboot_nr, 0, 0, LINUX_REBOOT_CMD_KEXEC), EPERM);
        assert_int_equal(answer(arch, reboot_nr, 0, 0, LINUX_REBOOT_CMD_SW_SUSPEND), EPERM);
        assert_int_equal(answer(arch, reboot_nr, 0, 0, LINUX_REBOOT_CMD_POWER_OFF), 0);
        assert_int_equal(answer(arch, reboot_nr, 0, 0, LINUX_REBOOT_CMD_RESTART), 0);
}

static void test_arguments(void **state) {
        check_arguments(seccomp_arch_native());
#ifdef __x86_64__
        check_arguments(AUDIT_ARCH_I386);
#endif
}

/* Another architecture's callers, and x32's on x86-64, get nothing at all. */
static void test_other_architectures(void **state) {
        assert_int_equal(answer(AUDIT_ARCH_MIPS, 0, 0, 0, 0), ENOSYS);
#ifdef __x86_64__
        for (int nr = 0; nr < NUMBERS; nr++) {
                assert_int_equal(answer(AUDIT_ARCH_X86_64, nr | X32_BIT, 0, 0, 0), ENOSYS);
        }
#endif
}

static int setup(void **state) {
        const char *file = packet_sockets ? FILTER_PACKET_SOCKETS : FILTER;
        char *data = NULL;
        size_t size = 0;

        assert_int_equal(file_read(AT_FDCWD, file, BPF_MAXINSNS * sizeof(*filter), &data, &size), 0);
        assert_true(size > 0 && size % sizeof(*filter) == 0);
        filter = (struct sock_filter *) (void *) data;
        filter_size = size / sizeof(*filter);
        return 0;
}

static int teardown(void **state) {
        free(filter);
        return 0;
}

/* argument: "packet-sockets" */
int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all_numbers), cmocka_unit_test(test_wanted),
                cmocka_unit_test(test_families),    cmocka_unit_test(test_families_of_32_bit),
                cmocka_unit_test(test_arguments),   cmocka_unit_test(test_other_architectures),
        };

        packet_sockets = argc == 2 && strcmp(argv[1], "packet-sockets") == 0;
        return cmocka_run_group_tests(tests, setup, teardown);
}

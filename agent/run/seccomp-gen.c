/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp-gen.c: runs when tenantd is built; writes the tenants' system call filter as classic BPF to standard output.
 *
 *   seccomp-gen [packet-sockets]      with it, the filter of tenants that have PacketSockets=yes
 *
 * A deny list: what has an effect beyond the tenant, or is kernel surface that a system container with systemd and Docker
 * does not need. Everything that nested containers need stays allowed: mount and the new mount API, ptrace, setns, unshare,
 * seccomp itself. ENOSYS pretends an older kernel; EPERM and EAFNOSUPPORT where a fallback expects them.
 *
 * 32-bit x86 callers have the same rules. Sockets they cannot make by socketcall(2) at all: its family is in memory, where no filter
 * can look.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/reboot.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#define ELEMENTSOF(array) (sizeof(array) / sizeof((array)[0]))

/* Refused whatever the arguments. A call that an architecture does not have costs it nothing. */
static const struct {
        const char *name;
        int error;
} denied[] = {
        /* Replace or extend the kernel that all tenants share. */
        { "kexec_load", ENOSYS },
        { "kexec_file_load", ENOSYS },
        { "init_module", ENOSYS },
        { "finit_module", ENOSYS },
        { "delete_module", ENOSYS },
        { "create_module", ENOSYS },
        { "query_module", ENOSYS },
        { "get_kernel_syms", ENOSYS },
        /* Host-wide effect or hardware. */
        { "swapon", EPERM },
        { "swapoff", EPERM },
        { "acct", EPERM },
        { "iopl", EPERM },
        { "ioperm", EPERM },
        { "settimeofday", EPERM },
        { "stime", EPERM },
        { "clock_settime", EPERM },
        { "clock_settime64", EPERM },
        { "lookup_dcookie", ENOSYS },
        { "nfsservctl", ENOSYS },
        { "vhangup", EPERM },
        { "quotactl", EPERM },
        { "quotactl_fd", EPERM },
        { "uselib", ENOSYS },
        { "vm86", ENOSYS },
        { "vm86old", ENOSYS },
        { "modify_ldt", ENOSYS },
        { "_sysctl", ENOSYS },
        /* The host's: its log, how full its file systems are, which pages of a shared image others read. */
        { "syslog", EPERM },
        { "ustat", ENOSYS },
        { "cachestat", ENOSYS },
        /* Keys are the kernel's memory, which nobody is charged for: each id of a tenant could have its quota full. Containers do without. */
        { "add_key", ENOSYS },
        { "keyctl", ENOSYS },
        { "request_key", ENOSYS },
        /* File handles name inodes of the whole file system, not of the tenant's tree. */
        { "open_by_handle_at", ENOSYS },
        /* Large or exploit-friendly kernel surface. bpf: EPERM makes runc's and systemd's fallbacks act. */
        { "io_uring_setup", ENOSYS },
        { "io_uring_enter", ENOSYS },
        { "io_uring_register", ENOSYS },
        { "userfaultfd", EPERM },
        { "perf_event_open", EPERM },
        { "bpf", EPERM },
};

/*
 * Socket families that a tenant has are AF_UNIX, AF_INET, AF_INET6, AF_NETLINK and, with PacketSockets=yes, AF_PACKET (17). All between
 * and above, those of future kernels too, autoload modules, are not namespaced (AF_VSOCK) or have no use in a tenant (AF_ALG). Packet
 * sockets see each packet of the whole host before they know that it is not theirs, and their rings are memory that nobody is charged for.
 */
static const unsigned denied_families[] = { AF_UNSPEC,  AF_AX25,     AF_IPX, AF_APPLETALK, AF_NETROM,
                                            AF_BRIDGE,  AF_ATMPVC,   AF_X25, AF_ROSE,      AF_DECnet,
                                            AF_NETBEUI, AF_SECURITY, AF_KEY };
/* With all that have the same bits above those of the last one: 18 and 19, 20 to 23, 24 to 31; 32 and up are in the code. */
static const unsigned denied_family_blocks[] = { 18, 20, 24 };

/* Commands of reboot(2) that are not for a pid namespace to give. */
static const unsigned denied_reboots[] = { LINUX_REBOOT_CMD_KEXEC, LINUX_REBOOT_CMD_SW_SUSPEND };

/* Puts input into a terminal that somebody else reads. */
static const unsigned denied_ioctls[] = { TIOCSTI, TIOCLINUX };

static int deny_by_name(scmp_filter_ctx ctx) {
        for (size_t i = 0; i < ELEMENTSOF(denied); i++) {
                int nr = seccomp_syscall_resolve_name(denied[i].name), r;

                /* A rule left out would be a hole: then a newer libseccomp has to be had. */
                r = nr == __NR_SCMP_ERROR
                            ? -ENOENT
                            : seccomp_rule_add(ctx, SCMP_ACT_ERRNO((unsigned) denied[i].error), nr, 0);
                if (r < 0) {
                        fprintf(stderr, "no rule for %s: %s\n", denied[i].name, strerror(-r));
                        return r;
                }
        }
        return 0;
}

/*
 * The kernel takes an int where a register has 64 bits, so only those 32 may count: SCMP_A0_32() and its kind cut the value that is
 * compared with, not the argument.
 */
static struct scmp_arg_cmp int_is(unsigned argument, unsigned mask, unsigned value) {
        return SCMP_CMP64(argument, SCMP_CMP_MASKED_EQ, mask, value);
}

/* libseccomp translates both calls for 32-bit x86: into those of the same name, and a socketcall(2) that is refused whole. */
static int deny_family(scmp_filter_ctx ctx, unsigned mask, unsigned family) {
        const struct scmp_arg_cmp refused = int_is(0, mask, family);
        int r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1, refused);

        return r < 0 ? r
                     : seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socketpair), 1, refused);
}

static int deny_sockets(scmp_filter_ctx ctx, bool packet_sockets) {
        int r = packet_sockets ? 0 : deny_family(ctx, UINT32_MAX, AF_PACKET);

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(denied_families); i++) {
                r = deny_family(ctx, UINT32_MAX, denied_families[i]);
        }
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(denied_family_blocks); i++) {
                const unsigned first = denied_family_blocks[i];

                r = deny_family(ctx, ~((first & -first) - 1), first);
        }
        for (unsigned first = 32; r >= 0 && first != 0; first <<= 1) {
                r = deny_family(ctx, ~(first - 1), first);
        }
        /* The audit subsystem is not namespaced. */
        return r < 0 ? r
                     : seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 2,
                                        int_is(0, UINT32_MAX, AF_NETLINK),
                                        int_is(2, UINT32_MAX, NETLINK_AUDIT));
}

static int deny_by_argument(scmp_filter_ctx ctx) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(denied_ioctls); i++) {
                r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                                     int_is(1, UINT32_MAX, denied_ioctls[i]));
        }
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(denied_reboots); i++) {
                r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(reboot), 1,
                                     int_is(2, UINT32_MAX, denied_reboots[i]));
        }
        /* A forced unmount can abort I/O of the host on a shared network file system. */
        return r < 0 ? r
                     : seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(umount2), 1,
                                        int_is(1, MNT_FORCE, MNT_FORCE));
}

static int configure(scmp_filter_ctx ctx) {
        int r;

        /* No no-new-privs: set-uid programs inside must work. */
        r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
        if (r < 0) {
                return r;
        }
        /* An architecture not listed (x32) sees an old kernel rather than a dead process. */
        r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
        if (r < 0) {
                return r;
        }
        /* A tree instead of a chain: a system call passes a handful of comparisons, not one per rule. */
        r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
        if (r < 0) {
                return r;
        }
#if defined(__x86_64__)
        r = seccomp_arch_add(ctx, SCMP_ARCH_X86);
#elif defined(__aarch64__)
        r = seccomp_arch_add(ctx, SCMP_ARCH_ARM);
#endif
        return r;
}

int main(int argc, char **argv) {
        const bool packet_sockets = argc == 2 && strcmp(argv[1], "packet-sockets") == 0;
        scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
        int r = ctx ? configure(ctx) : -ENOMEM;

        r = r < 0 ? r : deny_by_name(ctx);
        r = r < 0 ? r : deny_by_argument(ctx);
        r = r < 0 ? r : deny_sockets(ctx, packet_sockets);
        r = r < 0 ? r : seccomp_export_bpf(ctx, STDOUT_FILENO);
        if (r < 0) {
                fprintf(stderr, "cannot make the filter: %s\n", strerror(-r));
        }
        seccomp_release(ctx);
        return r < 0;
}

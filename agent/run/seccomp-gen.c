/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seccomp-gen.c: runs when tenantd is built; writes the tenants' system call filter as classic BPF to standard output.
 *
 * A deny list: what has an effect beyond the tenant, or is kernel surface that a system container with systemd and Docker
 * does not need. Everything that nested containers need stays allowed: mount and the new mount API, keyctl, ptrace, setns,
 * unshare, seccomp itself. ENOSYS pretends an older kernel; EPERM and EAFNOSUPPORT where a fallback expects them.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

/* Refused by name; unknown on an architecture means that it does not exist there. */
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

/* Socket families that autoload modules, are not namespaced, or have no use in a tenant. */
static const int denied_families[] = {
        AF_AX25,   AF_IPX,     AF_APPLETALK, AF_NETROM, AF_BRIDGE,     AF_ATMPVC, AF_X25,  AF_ROSE,
        AF_DECnet, AF_NETBEUI, AF_KEY,       AF_ASH,    AF_ECONET,     AF_ATMSVC, AF_RDS,  AF_IRDA,
        AF_PPPOX,  AF_WANPIPE, AF_LLC,       AF_IB,     AF_MPLS,       AF_CAN,    AF_TIPC, AF_BLUETOOTH,
        AF_IUCV,   AF_RXRPC,   AF_ISDN,      AF_PHONET, AF_IEEE802154, AF_CAIF,   AF_ALG,  AF_NFC,
        AF_VSOCK,  AF_KCM,     AF_QIPCRTR,   AF_SMC,    AF_XDP,
};

static int deny_by_name(scmp_filter_ctx ctx) {
        for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++) {
                int nr = seccomp_syscall_resolve_name(denied[i].name), r;

                if (nr == __NR_SCMP_ERROR) {
                        fprintf(stderr, "system call '%s' is unknown to libseccomp, left out\n",
                                denied[i].name);
                        continue;
                }
                r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO((unsigned) denied[i].error), nr, 0);
                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

static int deny_sockets(scmp_filter_ctx ctx) {
        for (size_t i = 0; i < sizeof(denied_families) / sizeof(denied_families[0]); i++) {
                int r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                                         SCMP_A0_32(SCMP_CMP_EQ, (unsigned) denied_families[i]));

                if (r < 0) {
                        return r;
                }
        }
        /* The audit subsystem is not namespaced. */
        return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 2,
                                SCMP_A0_32(SCMP_CMP_EQ, AF_NETLINK), SCMP_A2_32(SCMP_CMP_EQ, NETLINK_AUDIT));
}

static int deny_by_argument(scmp_filter_ctx ctx) {
        static const unsigned long ioctls[] = { TIOCSTI, TIOCLINUX };
        int r;

        for (size_t i = 0; i < sizeof(ioctls) / sizeof(ioctls[0]); i++) {
                r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                                     SCMP_A1_32(SCMP_CMP_EQ, (unsigned) ioctls[i]));
                if (r < 0) {
                        return r;
                }
        }
        /* A forced unmount can abort I/O of the host on a shared network file system. */
        return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(umount2), 1,
                                SCMP_A1_32(SCMP_CMP_MASKED_EQ, MNT_FORCE, MNT_FORCE));
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

int main(void) {
        scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
        int r = ctx ? configure(ctx) : -ENOMEM;

        if (r >= 0) {
                r = deny_by_name(ctx);
        }
        if (r >= 0) {
                r = deny_sockets(ctx);
        }
        if (r >= 0) {
                r = deny_by_argument(ctx);
        }
        if (r >= 0) {
                r = seccomp_export_bpf(ctx, STDOUT_FILENO);
        }
        if (r < 0) {
                fprintf(stderr, "cannot make the filter: error %d\n", r);
        }
        seccomp_release(ctx);
        return r < 0;
}

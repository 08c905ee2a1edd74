/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * audit-filter.c: keeps out of the host's journal what the kernel's audit reports by itself of tenants: changes of their filters of packets,
 * system calls that filters of theirs report, crashes, logins, refusals by AppArmor (whose profile refuses without a record wherever it
 * can). journald stores all it reads from the audit socket, at no bound: a loop in a tenant would fill the journal. The kernel is told not to
 * make such records for tenants' ids; the host's own stay, and what the operator's own rules ask for.
 *
 *   audit-filter --add | --remove        (tenantd-audit.service)
 *
 * Owned by agent/run. Refuses to touch other rules, and to fail where there is no audit to filter.
 */
#include "audit-rule.h"
#include "cleanup.h"
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* The kernel answers within the sending: nothing to wait for. */
static int answer_of(int fd) {
        struct {
                struct nlmsghdr header;
                struct nlmsgerr error;
        } answer;
        ssize_t n = recv(fd, &answer, sizeof(answer), MSG_DONTWAIT);

        if (n < 0) {
                return -errno;
        }
        return (size_t) n < sizeof(answer) || answer.header.nlmsg_type != NLMSG_ERROR ? -EBADMSG
                                                                                      : answer.error.error;
}

static int ask_kernel(__u16 request, unsigned i) {
        _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
        struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
        struct audit_rule_data rule;
        struct nlmsghdr header = {
                .nlmsg_len = NLMSG_LENGTH(sizeof(rule)),
                .nlmsg_type = request,
                .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
        };
        struct iovec parts[] = { { &header, sizeof(header) }, { &rule, sizeof(rule) } };
        struct msghdr message = {
                .msg_name = &kernel,
                .msg_namelen = sizeof(kernel),
                .msg_iov = parts,
                .msg_iovlen = ELEMENTSOF(parts),
        };

        audit_rule_of_tenants(i, &rule);
        return fd < 0 || sendmsg(fd, &message, 0) < 0 ? -errno : answer_of(fd);
}

/* `done`: what the kernel says when there is nothing to do. */
static int change_rules(__u16 request, int done) {
        int r = 0;

        for (unsigned i = 0; r >= 0 && i < AUDIT_RULES_OF_TENANTS; i++) {
                r = ask_kernel(request, i);
                r = r == done ? 0 : r;
        }
        if (r == 0) {
                return 0;
        }
        fprintf(stderr, "audit-filter: the kernel's audit rules stay as they are: %s\n", strerror(-r));
        /* No audit in this kernel, or not ours: a container's, or rules that the operator has locked (auditctl -e 2). */
        return r == -EPROTONOSUPPORT || r == -ECONNREFUSED || r == -EPERM ? 0 : EXIT_FAILURE;
}

int main(int argc, char **argv) {
        if (argc == 2 && strcmp(argv[1], "--add") == 0) {
                return change_rules(AUDIT_ADD_RULE, -EEXIST);
        }
        if (argc == 2 && strcmp(argv[1], "--remove") == 0) {
                return change_rules(AUDIT_DEL_RULE, -ENOENT);
        }
        fprintf(stderr, "usage: audit-filter --add | --remove\n");
        return 2;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * foreign-link.c: asks for an interface in another network namespace: the one in which the other end of its own link is.
 */
#include "attack.h"
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <sys/socket.h>

#define NAME "foreign0"

struct message {
        struct nlmsghdr header;
        struct ifinfomsg link;
        uint8_t attributes[256];
};

static void put(struct message *m, uint16_t type, const void *data, size_t size) {
        struct rtattr *a = (struct rtattr *) ((uint8_t *) m + NLMSG_ALIGN(m->header.nlmsg_len));

        a->rta_type = type;
        a->rta_len = (uint16_t) RTA_LENGTH(size);
        memcpy(RTA_DATA(a), data, size);
        m->header.nlmsg_len = NLMSG_ALIGN(m->header.nlmsg_len) + (uint32_t) RTA_ALIGN(a->rta_len);
}

/* One attribute in another. */
static void put_kind(struct message *m, const char *kind) {
        struct {
                struct rtattr head;
                char text[16];
        } nested = { .head = { .rta_type = IFLA_INFO_KIND,
                               .rta_len = (uint16_t) RTA_LENGTH(strlen(kind) + 1) } };

        memcpy(nested.text, kind, strlen(kind));
        put(m, IFLA_LINKINFO, &nested, RTA_ALIGN(nested.head.rta_len));
}

/* The number by which our namespace knows each other one is small; the first is that of eth0's other end. */
static int ask(int fd, int32_t netnsid) {
        struct message m = { .header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
                                         .nlmsg_type = RTM_NEWLINK,
                                         .nlmsg_flags =
                                                 NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK } };
        struct {
                struct nlmsghdr header;
                struct nlmsgerr error;
                uint8_t rest[1024];
        } answer;

        put(&m, IFLA_IFNAME, NAME, sizeof(NAME));
        put(&m, IFLA_TARGET_NETNSID, &netnsid, sizeof(netnsid));
        put_kind(&m, "bridge");
        if (send(fd, &m, m.header.nlmsg_len, 0) < 0 || recv(fd, &answer, sizeof(answer), 0) < 0) {
                broken("netlink");
        }
        return -answer.error.error;
}

int main(void) {
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

        if (fd < 0) {
                broken("netlink");
        }
        for (int32_t netnsid = 0; netnsid < 16; netnsid++) {
                errno = ask(fd, netnsid);
                if (errno != EINVAL) {
                        break;
                }
        }
        if (errno == EINVAL || errno == EOPNOTSUPP) {
                broken("bridge");
        }
        if (errno != 0) {
                stopped("bridge in another namespace");
        }
        return ATTACK_SUCCEEDED;
}

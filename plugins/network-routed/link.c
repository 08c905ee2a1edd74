/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * link.c: a veth pair spoken to the kernel as rtnetlink: one batch makes it, one for each end. Refuses to list
 * links (linear in tenants) and to move a device between namespaces (20 ms); touches no interface but tn<index> and what is
 * in the given namespace. Neither end needs ARP: neighbours are permanent on both sides, and the host's end does not speak it.
 * Owns nothing: what it makes ends with the tenant's network namespace.
 */
#include "link.h"
#include "netlink.h"
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sched.h>

#define TENANT_INTERFACE "eth0"
#define TENANT_IFINDEX 1000 /* above whatever tunnels a new namespace is born with */
#define LOOPBACK_IFINDEX 1 /* always, in every network namespace */

/* in6_addr_gen_mode of linux/if_link.h, whose 6.1 and later forms agree on it */
#define ADDRESSES_NOT_GENERATED IN6_ADDR_GEN_MODE_NONE

enum side {
        SIDE_HOST,
        SIDE_TENANT,
};

uint32_t link_ifindex(uint32_t index) {
        return HOST_IFINDEX_BASE + index;
}

/* Locally administered, and a function of the index: the neighbour entries of both sides are known beforehand. */
static void hardware_address(uint32_t index, enum side side, uint8_t ret_mac[static 6]) {
        ret_mac[0] = side == SIDE_HOST ? 0x0e : 0x0a;
        ret_mac[1] = 0x74;
        ret_mac[2] = (uint8_t) (index >> 24);
        ret_mac[3] = (uint8_t) (index >> 16);
        ret_mac[4] = (uint8_t) (index >> 8);
        ret_mac[5] = (uint8_t) index;
}

static void put_end(struct nlmsghdr *m, uint32_t index, enum side side, const char *name) {
        uint8_t mac[6];

        hardware_address(index, side, mac);
        mnl_attr_put_strz(m, IFLA_IFNAME, name);
        mnl_attr_put(m, IFLA_ADDRESS, sizeof(mac), mac);
        /* One queue: the default is one per processor, each with its own kobjects, and veth gains nothing from them. */
        mnl_attr_put_u32(m, IFLA_NUM_TX_QUEUES, 1);
        mnl_attr_put_u32(m, IFLA_NUM_RX_QUEUES, 1);
}

static void put_pair(struct batch *b, uint32_t index, int netns_fd) {
        struct nlmsghdr *m = batch_put(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
        struct ifinfomsg *i = mnl_nlmsg_put_extra_header(m, sizeof(*i));
        char name[IFNAMSIZ];
        struct nlattr *info, *data, *peer;

        i->ifi_index = (int) link_ifindex(index);
        interface_name(index, name);
        put_end(m, index, SIDE_HOST, name);
        info = mnl_attr_nest_start(m, IFLA_LINKINFO);
        mnl_attr_put_strz(m, IFLA_INFO_KIND, "veth");
        data = mnl_attr_nest_start(m, IFLA_INFO_DATA);
        peer = mnl_attr_nest_start(m, VETH_INFO_PEER);
        i = mnl_nlmsg_put_extra_header(m, sizeof(*i));
        i->ifi_index = TENANT_IFINDEX;
        put_end(m, index, SIDE_TENANT, TENANT_INTERFACE);
        mnl_attr_put_u32(m, IFLA_NET_NS_FD, (uint32_t) netns_fd);
        mnl_attr_nest_end(m, peer);
        mnl_attr_nest_end(m, data);
        mnl_attr_nest_end(m, info);
        batch_end(b, m);
}

static void put_flags(struct batch *b, uint32_t ifindex, uint32_t flags) {
        struct nlmsghdr *m = batch_put(b, RTM_SETLINK, 0);
        struct ifinfomsg *i = mnl_nlmsg_put_extra_header(m, sizeof(*i));

        i->ifi_index = (int) ifindex;
        i->ifi_flags = flags;
        i->ifi_change = flags;
        batch_end(b, m);
}

/* No IPv6 address of its own making. A kernel booted without IPv6 refuses the message, which is as good. */
static void put_no_ipv6_address(struct batch *b, uint32_t ifindex) {
        struct nlmsghdr *m = batch_put(b, RTM_SETLINK, 0);
        struct ifinfomsg *i = mnl_nlmsg_put_extra_header(m, sizeof(*i));
        struct nlattr *families, *family;

        i->ifi_index = (int) ifindex;
        families = mnl_attr_nest_start(m, IFLA_AF_SPEC);
        family = mnl_attr_nest_start(m, AF_INET6);
        mnl_attr_put_u8(m, IFLA_INET6_ADDR_GEN_MODE, ADDRESSES_NOT_GENERATED);
        mnl_attr_nest_end(m, family);
        mnl_attr_nest_end(m, families);
        b->optional |= UINT64_C(1) << m->nlmsg_seq;
        batch_end(b, m);
}

/* The host's end trusts nothing that comes in: what /proc/sys/net/ipv4/conf/tn<index>/ would say, without its files. */
static void put_host_conf(struct batch *b, uint32_t index) {
        struct nlmsghdr *m = batch_put(b, RTM_SETLINK, 0);
        struct ifinfomsg *i = mnl_nlmsg_put_extra_header(m, sizeof(*i));
        struct nlattr *families, *family, *conf;

        i->ifi_index = (int) link_ifindex(index);
        families = mnl_attr_nest_start(m, IFLA_AF_SPEC);
        family = mnl_attr_nest_start(m, AF_INET);
        conf = mnl_attr_nest_start(m, IFLA_INET_CONF);
        mnl_attr_put_u32(m, IPV4_DEVCONF_FORWARDING, 1);
        mnl_attr_put_u32(m, IPV4_DEVCONF_RP_FILTER, 1);
        mnl_attr_put_u32(m, IPV4_DEVCONF_ACCEPT_REDIRECTS, 0);
        mnl_attr_put_u32(m, IPV4_DEVCONF_SECURE_REDIRECTS, 0);
        mnl_attr_put_u32(m, IPV4_DEVCONF_SEND_REDIRECTS, 0);
        mnl_attr_put_u32(m, IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE, 0);
        mnl_attr_put_u32(m, IPV4_DEVCONF_PROXY_ARP, 0);
        mnl_attr_put_u32(m, IPV4_DEVCONF_ROUTE_LOCALNET, 0);
        mnl_attr_nest_end(m, conf);
        mnl_attr_nest_end(m, family);
        mnl_attr_nest_end(m, families);
        batch_end(b, m);
}

static void put_address(struct batch *b, uint32_t ifindex, uint32_t address, uint8_t scope) {
        struct nlmsghdr *m = batch_put(b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
        struct ifaddrmsg *i = mnl_nlmsg_put_extra_header(m, sizeof(*i));

        i->ifa_family = AF_INET;
        i->ifa_prefixlen = 32;
        i->ifa_scope = scope;
        i->ifa_index = ifindex;
        mnl_attr_put_u32(m, IFA_LOCAL, htonl(address));
        mnl_attr_put_u32(m, IFA_ADDRESS, htonl(address));
        batch_end(b, m);
}

static struct rtmsg *put_route(struct nlmsghdr *m, uint32_t ifindex, uint8_t scope) {
        struct rtmsg *route = mnl_nlmsg_put_extra_header(m, sizeof(*route));

        route->rtm_family = AF_INET;
        route->rtm_table = RT_TABLE_MAIN;
        route->rtm_protocol = RTPROT_STATIC;
        route->rtm_scope = scope;
        route->rtm_type = RTN_UNICAST;
        mnl_attr_put_u32(m, RTA_OIF, ifindex);
        return route;
}

static void put_host_route(struct batch *b, uint32_t ifindex, uint32_t address) {
        struct nlmsghdr *m = batch_put(b, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
        struct rtmsg *route = put_route(m, ifindex, RT_SCOPE_LINK);

        route->rtm_dst_len = 32;
        mnl_attr_put_u32(m, RTA_DST, htonl(address));
        batch_end(b, m);
}

static void put_default_route(struct batch *b, uint32_t ifindex, uint32_t gateway) {
        struct nlmsghdr *m = batch_put(b, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
        struct rtmsg *route = put_route(m, ifindex, RT_SCOPE_UNIVERSE);

        route->rtm_flags = RTNH_F_ONLINK;
        mnl_attr_put_u32(m, RTA_GATEWAY, htonl(gateway));
        batch_end(b, m);
}

static void put_neighbour(struct batch *b, uint32_t ifindex, uint32_t address, const uint8_t mac[static 6]) {
        struct nlmsghdr *m = batch_put(b, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
        struct ndmsg *i = mnl_nlmsg_put_extra_header(m, sizeof(*i));

        i->ndm_family = AF_INET;
        i->ndm_ifindex = (int) ifindex;
        i->ndm_state = NUD_PERMANENT;
        mnl_attr_put_u32(m, NDA_DST, htonl(address));
        mnl_attr_put(m, NDA_LLADDR, 6, mac);
        batch_end(b, m);
}

/* The pair, both ends still down. */
static int make_pair(int fd, uint32_t index, int netns_fd, uint32_t *ret_message) {
        _cleanup_(batch_done) struct batch b = {};

        put_pair(&b, index, netns_fd);
        put_host_conf(&b, index);
        return batch_send(&b, fd, ret_message);
}

/*
 * Last of all: of a veth pair the end that comes up second can send at once, the other only when a worker of the kernel has
 * noticed the carrier, and loses packets until then. The tenant has its whole boot for that, the host's clients do not.
 */
static int host_end(int fd, uint32_t index, uint32_t address) {
        _cleanup_(batch_done) struct batch b = {};
        uint32_t ifindex = link_ifindex(index);
        uint8_t mac[6];

        hardware_address(index, SIDE_TENANT, mac);
        put_flags(&b, ifindex, IFF_UP | IFF_NOARP);
        put_address(&b, ifindex, GATEWAY, RT_SCOPE_LINK);
        put_host_route(&b, ifindex, address);
        put_neighbour(&b, ifindex, address, mac);
        return batch_send(&b, fd, NULL);
}

static int tenant_end(int fd, uint32_t index, uint32_t address) {
        _cleanup_(batch_done) struct batch b = {};
        uint8_t mac[6];

        hardware_address(index, SIDE_HOST, mac);
        put_flags(&b, LOOPBACK_IFINDEX, IFF_UP);
        put_no_ipv6_address(&b, TENANT_IFINDEX);
        put_flags(&b, TENANT_IFINDEX, IFF_UP);
        put_address(&b, TENANT_IFINDEX, address, RT_SCOPE_UNIVERSE);
        put_host_route(&b, TENANT_IFINDEX, GATEWAY);
        put_default_route(&b, TENANT_IFINDEX, GATEWAY);
        put_neighbour(&b, TENANT_IFINDEX, GATEWAY, mac);
        return batch_send(&b, fd, NULL);
}

/*
 * With IPv6 off on the host's end nothing of that family is even parsed there, also while the filters are gone. No netlink
 * message sets it. Missing file: a kernel without IPv6.
 */
static int host_end_without_ipv6(uint32_t index) {
        _cleanup_close_ int fd = -1;
        char path[64 + IFNAMSIZ], name[IFNAMSIZ];

        interface_name(index, name);
        snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0) {
                return errno == ENOENT ? 0 : -errno;
        }
        return write(fd, "1", 1) == 1 ? 0 : -errno;
}

/* A netlink socket that lives in the tenant's namespace; the caller is back in the host's before this returns 0. */
static int open_in_tenant(int netns_fd) {
        _cleanup_close_ int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd = -1;
        int r;

        if (home < 0 || setns(netns_fd, CLONE_NEWNET) < 0) {
                return -errno;
        }
        fd = netlink_open(NETLINK_ROUTE);
        if (setns(home, CLONE_NEWNET) < 0) {
                return -ENOTRECOVERABLE;
        }
        r = fd;
        fd = -1;
        return r;
}

static int delete_by_ifindex(int fd, uint32_t ifindex) {
        _cleanup_(batch_done) struct batch b = {};
        struct nlmsghdr *m = batch_put(&b, RTM_DELLINK, 0);
        struct ifinfomsg *i = mnl_nlmsg_put_extra_header(m, sizeof(*i));
        int r;

        i->ifi_index = (int) ifindex;
        batch_end(&b, m);
        r = batch_send(&b, fd, NULL);
        return r == -ENODEV ? 0 : r;
}

static bool is_taken(int r, uint32_t message) {
        return (r == -EEXIST || r == -EBUSY) && message == 1;
}

static int make_pair_replacing(int fd, uint32_t index, int netns_fd, struct tenant_error *error) {
        uint32_t message = 0;
        int r = make_pair(fd, index, netns_fd, &message);

        if (is_taken(r, message)) {
                r = delete_by_ifindex(fd, link_ifindex(index));
                r = r < 0 ? r : make_pair(fd, index, netns_fd, &message);
        }
        if (is_taken(r, message)) {
                return tenant_error_set(
                        error, -EBUSY, "Busy",
                        "This host has an interface tn%u (or number %u) that is not tenantd's; "
                        "rename it: names of the form tn* belong to tenants",
                        index, link_ifindex(index));
        }
        if (r == -EOPNOTSUPP && message == 1) {
                return tenant_error_set(
                        error, -ENOENT, "HostNotReady",
                        "The kernel cannot make veth interfaces: run `modprobe veth`, or boot a kernel "
                        "that has the module");
        }
        return r < 0 ? tenant_error_set(error, r, "Failed", "Making interface tn%u failed: %s", index,
                                        strerror(-r))
                     : 0;
}

static int configure_tenant_end(uint32_t index, uint32_t address, int netns_fd, struct tenant_error *error) {
        _cleanup_close_ int fd = open_in_tenant(netns_fd);
        int r;

        if (fd == -ENOTRECOVERABLE) {
                return tenant_error_set(
                        error, fd, "Failed",
                        "Could not return to the host's network namespace; this start must end");
        }
        r = fd < 0 ? fd : tenant_end(fd, index, address);
        return r < 0 ? tenant_error_set(error, r, "Failed", "Configuring the tenant's end of tn%u: %s",
                                        index, strerror(-r))
                     : 0;
}

int link_attach(uint32_t index, uint32_t address, int netns_fd, struct tenant_error *error) {
        _cleanup_close_ int fd = netlink_open(NETLINK_ROUTE);
        int r;

        if (fd < 0) {
                return tenant_error_set(error, fd, "Failed", "No rtnetlink socket: %s", strerror(-fd));
        }
        r = make_pair_replacing(fd, index, netns_fd, error);
        if (r < 0) {
                return r;
        }
        r = host_end_without_ipv6(index);
        if (r < 0) {
                return tenant_error_set(error, r, "Failed", "Switching IPv6 off on tn%u: %s", index,
                                        strerror(-r));
        }
        r = configure_tenant_end(index, address, netns_fd, error);
        if (r < 0) {
                return r;
        }
        r = host_end(fd, index, address);
        return r < 0 ? tenant_error_set(error, r, "Failed", "Configuring interface tn%u: %s", index,
                                        strerror(-r))
                     : 0;
}

int link_delete(uint32_t index) {
        _cleanup_close_ int fd = -1;
        char name[IFNAMSIZ];

        interface_name(index, name);
        if (if_nametoindex(name) != link_ifindex(index)) {
                return 0;
        }
        fd = netlink_open(NETLINK_ROUTE);
        return fd < 0 ? fd : delete_by_ifindex(fd, link_ifindex(index));
}

static int read_counters(const struct nlmsghdr *answer, void *userdata) {
        struct tenant_network_usage *usage = userdata;
        const struct nlattr *attribute;

        mnl_attr_for_each(attribute, answer, sizeof(struct ifinfomsg)) {
                struct rtnl_link_stats64 s = {};
                size_t size = mnl_attr_get_payload_len(attribute);

                if (mnl_attr_get_type(attribute) != IFLA_STATS64) {
                        continue;
                }
                memcpy(&s, mnl_attr_get_payload(attribute), size < sizeof(s) ? size : sizeof(s));
                usage->received_bytes = s.tx_bytes;
                usage->sent_bytes = s.rx_bytes;
                usage->received_packets = s.tx_packets;
                usage->sent_packets = s.rx_packets;
        }
        return MNL_CB_STOP;
}

int link_usage(uint32_t index, struct tenant_network_usage *ret_usage) {
        _cleanup_close_ int fd = netlink_open(NETLINK_ROUTE);
        uint8_t data[128] __attribute__((aligned(8))) = {};
        struct nlmsghdr *m = mnl_nlmsg_put_header(data);
        struct ifinfomsg *i = mnl_nlmsg_put_extra_header(m, sizeof(*i));

        if (fd < 0) {
                return fd;
        }
        m->nlmsg_type = RTM_GETLINK;
        m->nlmsg_flags = NLM_F_REQUEST;
        m->nlmsg_seq = 1;
        i->ifi_index = (int) link_ifindex(index);
        *ret_usage = (struct tenant_network_usage){ sizeof(*ret_usage), UINT64_MAX, UINT64_MAX, UINT64_MAX,
                                                    UINT64_MAX };
        return netlink_query(fd, m, read_counters, ret_usage);
}

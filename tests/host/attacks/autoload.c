/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * autoload.c: asks the kernel for everything of a kind, in the hope that it loads a module for it. Whether it did is for the host to
 * see; this program only asks, and never fails. NAME... are what the host's modules say they are good for (modules.alias).
 *
 *   autoload sockets NAME...     families and protocols, by every way in
 *   autoload filesystems NAME... mount(2) and fsopen(2)
 *   autoload links NAME...       kinds of network interfaces
 *   autoload traffic NAME...     queueing disciplines, classifiers, actions
 *   autoload expressions NAME... of nftables
 *   autoload matches NAME...     of iptables, ip6tables
 *   autoload netlink NAME...     families of generic netlink; all netlink protocols, subsystems of nfnetlink, socket diagnosis
 *   autoload others              line disciplines, congestion controls, binary formats
 */
#include "ways.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* --- netlink messages --------------------------------------------------------------------------------------------- */

typedef struct Message {
        union {
                struct nlmsghdr header;
                char room[4096];
        };
        size_t at; /* of the message that is being written */
        size_t size;
} Message;

static struct nlmsghdr *begin(Message *m, int type, int flags, const void *body, size_t body_size) {
        struct nlmsghdr *h = (void *) (m->room + m->size);

        m->at = m->size;
        memset(h, 0, sizeof(*h));
        h->nlmsg_type = (unsigned short) type;
        h->nlmsg_flags = (unsigned short) (NLM_F_REQUEST | NLM_F_ACK | flags);
        memcpy(h + 1, body, body_size);
        h->nlmsg_len = (unsigned) NLMSG_LENGTH(NLMSG_ALIGN(body_size));
        m->size += h->nlmsg_len;
        return h;
}

static struct nlattr *put(Message *m, int type, const void *data, size_t size) {
        struct nlattr *a = (void *) (m->room + m->size);

        a->nla_type = (unsigned short) type;
        a->nla_len = (unsigned short) (NLA_HDRLEN + size);
        memset(a + 1, 0, NLA_ALIGN(size));
        memcpy(a + 1, data, size);
        m->size += NLA_ALIGN(a->nla_len);
        ((struct nlmsghdr *) (void *) (m->room + m->at))->nlmsg_len = (unsigned) (m->size - m->at);
        return a;
}

static struct nlattr *put_text(Message *m, int type, const char *text) {
        return put(m, type, text, strlen(text) + 1);
}

static struct nlattr *nest(Message *m, int type) {
        return put(m, type | NLA_F_NESTED, "", 0);
}

static void nest_end(Message *m, struct nlattr *a) {
        a->nla_len = (unsigned short) (m->room + m->size - (char *) a);
}

/* Sends it and hears one answer, whatever it is. */
static void ask(int protocol, Message *m) {
        const struct timeval limit = { .tv_sec = 5 };
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
        char answer[8192];

        if (fd < 0) {
                return;
        }
        (void) setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
        if (send(fd, m->room, m->size, 0) >= 0) {
                (void) recv(fd, answer, sizeof(answer), 0);
        }
        close(fd);
}

/* --- the kinds ---------------------------------------------------------------------------------------------------- */

/* As modules name what they are good for: FAMILY[-proto-PROTOCOL[-type-TYPE]]; what is not said is tried whole. */
static void sockets(int n, char **names) {
        static const char *const ways[] = { "native", "socketpair", "i386", "socketcall" };

        for (int i = 0; i < n; i++) {
                int family = 0, protocol = 0, only = 0;

                if (sscanf(names[i], "%d-proto-%d-type-%d", &family, &protocol, &only) < 1) {
                        continue;
                }
                for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
                        for (int type = SOCK_STREAM; type <= SOCK_PACKET; type++) {
                                long fd = only == 0 || only == type
                                                  ? socket_by(ways[w], family, type, protocol)
                                                  : -1;

                                if (fd > 2) {
                                        close((int) fd);
                                }
                        }
                }
        }
}

static void filesystems(int n, char **names) {
        (void) mkdir("/tmp/autoload", 0700);
        for (int i = 0; i < n; i++) {
                int fd = (int) syscall(SYS_fsopen, names[i], 0);

                if (fd >= 0) {
                        close(fd);
                }
                if (mount("none", "/tmp/autoload", names[i], MS_RDONLY, NULL) == 0) {
                        (void) umount2("/tmp/autoload", MNT_DETACH);
                }
        }
        (void) rmdir("/tmp/autoload");
}

static void links(int n, char **names) {
        for (int i = 0; i < n; i++) {
                const struct ifinfomsg body = { .ifi_family = AF_UNSPEC };
                Message m = { .size = 0 };
                struct nlattr *info;

                begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof(body));
                put_text(&m, IFLA_IFNAME, "autoload0");
                info = nest(&m, IFLA_LINKINFO);
                put_text(&m, IFLA_INFO_KIND, names[i]);
                nest_end(&m, info);
                ask(NETLINK_ROUTE, &m);
                m.size = 0;
                begin(&m, RTM_DELLINK, 0, &body, sizeof(body));
                put_text(&m, IFLA_IFNAME, "autoload0");
                ask(NETLINK_ROUTE, &m);
        }
}

/* On the loopback, which every namespace has as its first. */
static void traffic(int n, char **names) {
        const struct tcmsg root = { .tcm_ifindex = 1, .tcm_parent = TC_H_ROOT, .tcm_handle = 0x10000 };
        const struct tcmsg filter = { .tcm_ifindex = 1, .tcm_parent = 0x10000, .tcm_info = 0x10003 };
        const struct tcamsg actions = { .tca_family = AF_UNSPEC };

        for (int i = 0; i < n; i++) {
                Message m = { .size = 0 };
                struct nlattr *table, *action;

                begin(&m, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, &root, sizeof(root));
                put_text(&m, TCA_KIND, "prio");
                ask(NETLINK_ROUTE, &m);
                m.size = 0;
                begin(&m, RTM_NEWTFILTER, NLM_F_CREATE, &filter, sizeof(filter));
                put_text(&m, TCA_KIND, names[i]);
                ask(NETLINK_ROUTE, &m);
                m.size = 0;
                begin(&m, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, &root, sizeof(root));
                put_text(&m, TCA_KIND, names[i]);
                ask(NETLINK_ROUTE, &m);
                m.size = 0;
                begin(&m, RTM_NEWACTION, NLM_F_CREATE, &actions, sizeof(actions));
                table = nest(&m, TCA_ACT_TAB);
                action = nest(&m, 1);
                put_text(&m, TCA_ACT_KIND, names[i]);
                nest_end(&m, action);
                nest_end(&m, table);
                ask(NETLINK_ROUTE, &m);
                m.size = 0;
                begin(&m, RTM_DELQDISC, 0, &root, sizeof(root));
                ask(NETLINK_ROUTE, &m);
        }
}

static void nft(Message *m, int type, int flags) {
        const struct nfgenmsg body = { .nfgen_family = NFPROTO_IPV4 };

        begin(m, NFNL_SUBSYS_NFTABLES << 8 | type, flags, &body, sizeof(body));
}

static void nft_batch(Message *m, int type) {
        const struct nfgenmsg body = { .nfgen_family = AF_UNSPEC, .res_id = htons(NFNL_SUBSYS_NFTABLES) };

        begin(m, type, 0, &body, sizeof(body))->nlmsg_flags = NLM_F_REQUEST;
}

/* A table, a chain and a rule with the expression, in one batch, which fails as a whole: nothing stays. */
static void expressions(int n, char **names) {
        for (int i = 0; i < n; i++) {
                Message m = { .size = 0 };
                struct nlattr *list, *element;

                nft_batch(&m, NFNL_MSG_BATCH_BEGIN);
                nft(&m, NFT_MSG_NEWTABLE, NLM_F_CREATE);
                put_text(&m, NFTA_TABLE_NAME, "autoload");
                nft(&m, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
                put_text(&m, NFTA_CHAIN_TABLE, "autoload");
                put_text(&m, NFTA_CHAIN_NAME, "chain");
                nft(&m, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
                put_text(&m, NFTA_RULE_TABLE, "autoload");
                put_text(&m, NFTA_RULE_CHAIN, "chain");
                list = nest(&m, NFTA_RULE_EXPRESSIONS);
                element = nest(&m, NFTA_LIST_ELEM);
                put_text(&m, NFTA_EXPR_NAME, names[i]);
                nest_end(&m, element);
                nest_end(&m, list);
                ((struct nlmsghdr *) (void *) (m.room + m.at))->nlmsg_len = (unsigned) (m.size - m.at);
                nft_batch(&m, NFNL_MSG_BATCH_END);
                ask(NETLINK_NETFILTER, &m);
        }
}

/* IPT_SO_GET_REVISION_MATCH and _TARGET, IP6T_…: which revision of a match the kernel has. */
static void matches(int n, char **names) {
        struct {
                char name[29];
                unsigned char revision;
        } question = { .revision = 0 };
        int four = socket(AF_INET, SOCK_RAW, IPPROTO_RAW), six = socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);

        for (int i = 0; i < n; i++) {
                static const struct {
                        int level, option;
                } ways[] = {
                        { IPPROTO_IP, 66 }, { IPPROTO_IP, 67 }, { IPPROTO_IPV6, 68 }, { IPPROTO_IPV6, 69 }
                };

                snprintf(question.name, sizeof(question.name), "%s", names[i]);
                for (size_t w = 0; w < 4; w++) {
                        socklen_t size = sizeof(question);

                        (void) getsockopt(w < 2 ? four : six, ways[w].level, ways[w].option, &question,
                                          &size);
                }
        }
}

static void netlink(int n, char **names) {
        const struct genlmsghdr get = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };

        for (int protocol = 0; protocol < 32; protocol++) {
                int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

                if (fd >= 0) {
                        close(fd);
                }
        }
        for (int i = 0; i < n; i++) {
                Message m = { .size = 0 };

                begin(&m, GENL_ID_CTRL, 0, &get, sizeof(get));
                put_text(&m, CTRL_ATTR_FAMILY_NAME, names[i]);
                ask(NETLINK_GENERIC, &m);
        }
        for (int subsystem = 0; subsystem < 16; subsystem++) {
                const struct nfgenmsg body = { .nfgen_family = NFPROTO_IPV4 };
                Message m = { .size = 0 };

                begin(&m, subsystem << 8 | 1, 0, &body, sizeof(body));
                ask(NETLINK_NETFILTER, &m);
        }
        for (int family = 0; family < 48; family++) {
                for (int protocol = 0; protocol < 4; protocol++) {
                        static const unsigned char protocols[] = { 0, IPPROTO_TCP, IPPROTO_UDP,
                                                                   IPPROTO_RAW };
                        unsigned char body[64] = { (unsigned char) family, protocols[protocol] };
                        Message m = { .size = 0 };

                        begin(&m, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, body, sizeof(body));
                        ask(NETLINK_SOCK_DIAG, &m);
                }
        }
}

static void execute_garbage(void) {
        static const unsigned char magics[][8] = { { 0x4c, 0x46, 0xfe, 0xfe },
                                                   { 0x00, 0xcc, 0x64, 0x00 },
                                                   { 0xca, 0xfe, 0xba, 0xbe } };

        for (size_t i = 0; i < 3; i++) {
                int fd = open("/tmp/garbage", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
                pid_t pid;

                if (fd < 0 || write(fd, magics[i], 8) != 8) {
                        broken("/tmp/garbage");
                }
                close(fd);
                pid = fork();
                if (pid == 0) {
                        execl("/tmp/garbage", "garbage", (char *) NULL);
                        _exit(0);
                }
                waitpid(pid, NULL, 0);
        }
        unlink("/tmp/garbage");
}

static void others(int n, char **names) {
        static const char *const controls[] = { "vegas", "westwood", "bbr", "htcp",
                                                "dctcp", "illinois", "cdg", "yeah" };
        int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC),
            tcp = socket(AF_INET, SOCK_STREAM, 0);

        for (int discipline = 1; discipline < 32; discipline++) {
                (void) ioctl(terminal, TIOCSETD, &discipline);
        }
        for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
                (void) setsockopt(tcp, IPPROTO_TCP, TCP_CONGESTION, controls[i],
                                  (socklen_t) strlen(controls[i]));
                (void) setsockopt(tcp, IPPROTO_TCP, TCP_ULP, i % 2 ? "tls" : "espintcp", i % 2 ? 4 : 9);
        }
        execute_garbage();
}

int main(int argc, char **argv) {
        static const struct {
                const char *name;
                void (*ask)(int n, char **names);
        } kinds[] = { { "sockets", sockets },
                      { "filesystems", filesystems },
                      { "links", links },
                      { "traffic", traffic },
                      { "expressions", expressions },
                      { "matches", matches },
                      { "netlink", netlink },
                      { "others", others } };

        for (size_t i = 0; argc > 1 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                if (strcmp(argv[1], kinds[i].name) == 0) {
                        kinds[i].ask(argc - 2, argv + 2);
                        return 0;
                }
        }
        say("usage: autoload sockets|filesystems|links|traffic|expressions|matches|netlink|others "
            "[NAME...]");
        return ATTACK_BROKEN;
}

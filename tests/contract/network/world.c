/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * world.c: see world.h. Everything happens in a network and mount namespace made first: refuses to run where that cannot be
 * had, and never touches the machine's own links or nftables. Owned by the network tests; ends with the process.
 */
#include "world.h"
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ADDRESSES_BEYOND                                                                                    \
        METADATA_ADDRESS " " ALIBABA_METADATA_ADDRESS " " AZURE_WIRE_ADDRESS " " STOPPED_ADDRESS
#define OPERATIONAL_UP 6 /* IF_OPER_UP of linux/if.h, which cannot be had together with net/if.h */

const struct tenant_plugin *plugin;
const struct tenant_network_ops *ops;
struct tenant_error error;
int outside_ns = -1;
int host_ns = -1;

static void die(const char *what) {
        fprintf(stderr, "%s: %s\n", what, strerror(errno));
        exit(1);
}

static void skip(const char *why) {
        printf("1..0 # SKIP %s (%s)\n", why, strerror(errno));
        exit(77);
}

void run(const char *command) {
        if (system(command) != 0) {
                fprintf(stderr, "failed: %s\n", command);
                exit(1);
        }
}

bool command_says(const char *command, const char *text) {
        char line[1024];
        bool found = false;
        FILE *f = popen(command, "re");

        if (!f) {
                die(command);
        }
        while (fgets(line, sizeof(line), f)) {
                found = found || strstr(line, text);
        }
        pclose(f);
        return found;
}

static void log_line(void *userdata, int level, const char *message) {
        fprintf(stderr, "# <%d> %s\n", level, message);
}

static bool never(void *userdata) {
        return false;
}

/* Remembers into the tenant's only fact. */
static int remember(void *userdata, const char *key, const char *value) {
        struct tenant *t = userdata;

        snprintf(t->address, sizeof(t->address), "%s", value);
        t->facts[0] = (struct tenant_fact){ "Address", t->address };
        t->context.facts = t->facts;
        t->context.n_facts = 1;
        return strcmp(key, "Address") == 0 ? 0 : -EINVAL;
}

static void write_text(const char *path, const char *text) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, text, strlen(text)) < 0) {
                die(path);
        }
        close(fd);
}

/* A child that made its own namespaces and waits to be killed; fd of its network namespace. */
static pid_t holder(int flags, int *ret_ns) {
        int ready[2];
        char path[64], byte;
        pid_t pid;

        if (pipe2(ready, O_CLOEXEC) < 0) {
                die("pipe");
        }
        pid = fork();
        if (pid < 0) {
                die("fork");
        }
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (unshare(flags) == 0 && write(ready[1], "x", 1) == 1) {
                        for (;;) {
                                pause();
                        }
                }
                _exit(1);
        }
        close(ready[1]);
        if (read(ready[0], &byte, 1) != 1) {
                die("unshare in a child");
        }
        close(ready[0]);
        snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
        *ret_ns = open(path, O_RDONLY | O_CLOEXEC);
        if (*ret_ns < 0) {
                die(path);
        }
        return pid;
}

static void make_outside(void) {
        char command[512];
        pid_t pid = holder(CLONE_NEWNET, &outside_ns);

        snprintf(command, sizeof(command), "ip link add up0 type veth peer name out0 netns %d", pid);
        run(command);
        run("ip link set lo up; ip addr add " HOST_ADDRESS "/24 dev up0; ip link set up0 up");
        run("ip route add default via " OUTSIDE_ADDRESS);
        snprintf(command, sizeof(command),
                 "nsenter --net=/proc/%d/ns/net sh -ec 'ip link set lo up; ip addr add " OUTSIDE_ADDRESS
                 "/24 dev out0; "
                 "ip link set out0 up; for a in " ADDRESSES_BEYOND "; do ip addr add $a/32 dev lo; done; "
                 "ip route add 100.80.0.0/16 via " HOST_ADDRESS "'",
                 pid);
        run(command);
        write_text("/proc/sys/net/ipv4/ip_forward", "1");
}

void world_make(const char *plugin_path, const char *nft_file) {
        const struct tenant_plugin *(*get)(void);
        char command[512];
        void *library;

        if (geteuid() != 0) {
                errno = EPERM;
                skip("needs root");
        }
        if (access("/usr/sbin/nft", X_OK) < 0) {
                skip("needs the package nftables");
        }
        if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
            mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("sysfs", "/sys", "sysfs", 0, NULL) < 0 || mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0 ||
            mount("tmpfs", "/usr/share", "tmpfs", 0, NULL) < 0) {
                skip("needs namespaces of its own");
        }
        host_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        snprintf(command, sizeof(command),
                 "mkdir -p /usr/share/tenantd && cat > /usr/share/tenantd/tenantd.nft <'%s'", nft_file);
        run(command);
        library = dlopen(plugin_path, RTLD_NOW | RTLD_LOCAL);
        get = library ? (const struct tenant_plugin *(*) (void) ) dlsym(library, TENANT_PLUGIN_SYMBOL)
                      : NULL;
        if (!get) {
                fprintf(stderr, "%s\n", dlerror());
                exit(1);
        }
        plugin = get();
        ops = plugin->ops;
        make_outside();
}

void tenant_spawn(struct tenant *t, const char *name, uint32_t index) {
        static struct tenant_host hosts[8];
        struct tenant_host *host = &hosts[index % 8];
        struct tenant_value values[16] = {};

        snprintf(t->name, sizeof(t->name), "%s", name);
        *host = (struct tenant_host){ sizeof(*host), t, log_line, never, remember, NULL };
        t->context = (struct tenant_context){ .struct_size = sizeof(t->context),
                                              .name = t->name,
                                              .index = index,
                                              .values = values,
                                              .n_values = plugin->n_settings,
                                              .host = host };
        if (ops->allocate && ops->allocate(&t->context, NULL, 0, &error) < 0) {
                die(error.message);
        }
        t->context.values = NULL;
        t->context.n_values = 0;
        t->pid = holder(CLONE_NEWUSER | CLONE_NEWNET, &t->netns_fd);
}

void tenant_kill(struct tenant *t) {
        if (t->pid > 0) {
                kill(t->pid, SIGKILL);
                waitpid(t->pid, NULL, 0);
                close(t->netns_fd);
                t->pid = 0;
        }
}

static struct sockaddr_in endpoint(const char *address, uint16_t port) {
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };

        if (inet_pton(AF_INET, address, &a.sin_addr) != 1) {
                die(address);
        }
        return a;
}

static int socket_in(int ns, int type, int protocol) {
        int fd;

        if (ns >= 0 && setns(ns, CLONE_NEWNET) < 0) {
                die("setns");
        }
        fd = socket(AF_INET, type | SOCK_CLOEXEC, protocol);
        if (fd < 0 || (ns >= 0 && setns(host_ns, CLONE_NEWNET) < 0)) {
                die("socket");
        }
        return fd;
}

static int bound(int ns, int type, const char *address, uint16_t port) {
        struct sockaddr_in a = endpoint(address, port);
        int fd = socket_in(ns, type, 0), one = 1;

        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        if (bind(fd, (struct sockaddr *) &a, sizeof(a)) < 0 || (type == SOCK_STREAM && listen(fd, 8) < 0)) {
                die("bind");
        }
        return fd;
}

int udp_socket(int ns, const char *address, uint16_t port) {
        return bound(ns, SOCK_DGRAM, address, port);
}

int tcp_listener(int ns, const char *address, uint16_t port) {
        return bound(ns, SOCK_STREAM, address, port);
}

int raw_socket(int ns) {
        int fd = socket_in(ns, SOCK_RAW, IPPROTO_UDP), one = 1;

        if (setsockopt(fd, IPPROTO_IP, IP_HDRINCL, &one, sizeof(one)) < 0) {
                die("IP_HDRINCL");
        }
        return fd;
}

int connect_timeout(int ns, const char *address, uint16_t port, int milliseconds) {
        struct sockaddr_in a = endpoint(address, port);
        int fd = socket_in(ns, SOCK_STREAM | SOCK_NONBLOCK, 0), e = 0;
        struct pollfd p = { fd, POLLOUT, 0 };
        socklen_t size = sizeof(e);

        if (connect(fd, (struct sockaddr *) &a, sizeof(a)) < 0 && errno != EINPROGRESS) {
                e = errno;
        } else if (poll(&p, 1, milliseconds) != 1) {
                e = ETIMEDOUT;
        } else {
                getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &size);
        }
        if (e != 0) {
                close(fd);
                return -e;
        }
        return fd;
}

int connect_from(uint16_t port, const char *address, uint16_t to_port) {
        struct sockaddr_in from = endpoint("0.0.0.0", port), to = endpoint(address, to_port);
        int fd = socket_in(-1, SOCK_STREAM, 0);

        if (bind(fd, (struct sockaddr *) &from, sizeof(from)) < 0 ||
            connect(fd, (struct sockaddr *) &to, sizeof(to)) < 0) {
                die("connect");
        }
        return fd;
}

void udp_send(int fd, const char *address, uint16_t port, const char *word) {
        struct sockaddr_in a = endpoint(address, port);

        /* A refusal is a result as good as silence: what counts is what arrives. */
        (void) sendto(fd, word, strlen(word), 0, (struct sockaddr *) &a, sizeof(a));
}

void udp_forge(int raw, const char *source, const char *address, uint16_t port, const char *word) {
        struct sockaddr_in to = endpoint(address, port), from = endpoint(source, 0);
        struct {
                struct iphdr ip;
                struct udphdr udp;
                char word[32];
        } p = { .ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP } };
        size_t size = sizeof(p.ip) + sizeof(p.udp) + strlen(word);

        p.ip.saddr = from.sin_addr.s_addr;
        p.ip.daddr = to.sin_addr.s_addr;
        p.udp.source = htons(4444);
        p.udp.dest = htons(port);
        p.udp.len = htons((uint16_t) (sizeof(p.udp) + strlen(word)));
        memcpy(p.word, word, strlen(word));
        if (sendto(raw, &p, size, 0, (struct sockaddr *) &to, sizeof(to)) != (ssize_t) size) {
                die("forging a datagram");
        }
}

bool udp_expect(int fd, const char *word, char *ret_from) {
        struct pollfd p = { fd, POLLIN, 0 };
        struct sockaddr_in from;
        socklen_t size = sizeof(from);
        char got[64] = "";

        if (poll(&p, 1, 2000) != 1 ||
            recvfrom(fd, got, sizeof(got) - 1, 0, (struct sockaddr *) &from, &size) < 0) {
                fprintf(stderr, "# nothing came, “%s” was expected\n", word);
                return false;
        }
        if (ret_from) {
                inet_ntop(AF_INET, &from.sin_addr, ret_from, 16);
        }
        if (strcmp(got, word) != 0) {
                fprintf(stderr, "# “%s” came, “%s” was expected\n", got, word);
        }
        return strcmp(got, word) == 0;
}

bool accept_from(int listener, char *ret_from) {
        struct pollfd p = { listener, POLLIN, 0 };
        struct sockaddr_in from;
        socklen_t size = sizeof(from);
        int fd = poll(&p, 1, 2000) == 1 ? accept4(listener, (struct sockaddr *) &from, &size, SOCK_CLOEXEC)
                                        : -1;

        if (fd < 0) {
                return false;
        }
        inet_ntop(AF_INET, &from.sin_addr, ret_from, 16);
        close(fd);
        return true;
}

int link_watch(int ns) {
        struct sockaddr_nl links = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
        int fd;

        if (setns(ns, CLONE_NEWNET) < 0) {
                die("setns");
        }
        fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        if (setns(host_ns, CLONE_NEWNET) < 0 || fd < 0 ||
            bind(fd, (struct sockaddr *) &links, sizeof(links)) < 0) {
                die("netlink");
        }
        return fd;
}

/* Operational state up: the flag IFF_RUNNING is also there while the state is not known yet. */
static bool notice_says_up(const struct nlmsghdr *m, const char *name) {
        const struct ifinfomsg *i = NLMSG_DATA(m);
        const struct rtattr *a = IFLA_RTA(i);
        int rest = (int) IFLA_PAYLOAD(m);
        bool named = false, up = false;

        for (; RTA_OK(a, rest); a = RTA_NEXT(a, rest)) {
                named = named || (a->rta_type == IFLA_IFNAME && strcmp(RTA_DATA(a), name) == 0);
                up = up ||
                     (a->rta_type == IFLA_OPERSTATE && *(const uint8_t *) RTA_DATA(a) == OPERATIONAL_UP);
        }
        return named && up;
}

bool link_watch_up(int fd, const char *name) {
        struct pollfd p = { fd, POLLIN, 0 };
        char notice[8192] __attribute__((aligned(8)));
        bool up = false;

        while (!up && poll(&p, 1, 5000) == 1) {
                ssize_t left = recv(fd, notice, sizeof(notice), 0);

                for (struct nlmsghdr *m = (struct nlmsghdr *) notice; left > 0 && NLMSG_OK(m, (size_t) left);
                     m = NLMSG_NEXT(m, left)) {
                        up = up || notice_says_up(m, name);
                }
        }
        close(fd);
        return up;
}

bool link_gone(const char *name) {
        struct sockaddr_nl links = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        struct pollfd p = { fd, POLLIN, 0 };
        char notice[8192];
        bool gone;

        if (fd < 0 || bind(fd, (struct sockaddr *) &links, sizeof(links)) < 0) {
                die("netlink");
        }
        while (!(gone = if_nametoindex(name) == 0) && poll(&p, 1, 5000) == 1) {
                (void) recv(fd, notice, sizeof(notice), 0); /* that something happened is enough */
        }
        close(fd);
        return gone;
}

void tenant_attach(struct tenant *t, const struct tenant_port *ports, size_t n) {
        int watch = link_watch(t->netns_fd);

        if (ops->attach(&t->context, t->netns_fd, ports, n, &error) < 0) {
                fprintf(stderr, "cannot attach %s: %s: %s\n", t->name, error.name, error.message);
                exit(1);
        }
        if (!link_watch_up(watch, "eth0")) {
                fprintf(stderr, "the link of %s does not come up\n", t->name);
                exit(1);
        }
}

void tenant_end(struct tenant *t) {
        if (t->pid > 0) {
                tenant_kill(t);
                (void) ops->release(&t->context, &error); /* it may be done already */
        }
}

void tenant_set_rate(struct tenant *t, struct tenant_value values[static 16], const char *key,
                     uint64_t rate) {
        for (size_t i = 0; i < plugin->n_settings; i++) {
                if (strcmp(plugin->settings[i].key, key) == 0) {
                        values[i] = (struct tenant_value){ rate > 0, rate > 0, rate, "rate" };
                }
        }
        t->context.values = values;
        t->context.n_values = plugin->n_settings;
}

void tenant_forget_rates(struct tenant *t) {
        t->context.values = NULL;
        t->context.n_values = 0;
}

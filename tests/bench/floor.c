/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * floor.c: the physical limit that starts are measured against: the bare system calls of one tenant with the features of ours
 * (cgroup, eight mounts with an id-mapped lower layer below an overlay, seven namespaces with id maps, /dev with nodes and a
 * console, veth created in place with address and route, exec) and nothing else: no plugins, no checks, no journal.
 *
 *   floor IMAGE VOLUME CGROUP [ROUNDS [INDEX]]
 *     IMAGE   root tree of an image whose files belong to 603979776 and above, with /init
 *     VOLUME  an empty directory on the same file system
 *     CGROUP  an empty cgroup2 directory to work in
 *     ROUNDS  0: one round that is kept until standard input ends
 *     INDEX   0 to 9999, for several at the same time
 * Prints for each round: microseconds from the first call to the first instruction of init, those of kill and clean-up, and
 * the moment of that first instruction (CLOCK_MONOTONIC, ns), from which others compute what exec of this program costs.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/close_range.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/securebits.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define IMAGE_BASE 603979776u
#define BASE 1000013824u
#define COUNT 262144u

#define MUST(call)                                                                                          \
        ({                                                                                                  \
                long _r_ = (long) (call);                                                                   \
                if (_r_ < 0) {                                                                              \
                        err(1, "%s:%d %s", __FILE__, __LINE__, #call);                                      \
                }                                                                                           \
                _r_;                                                                                        \
        })

static const char *image, *volume, *cgroup;
static char link_name[IFNAMSIZ], address[INET_ADDRSTRLEN];

static long long now_nsec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (long long) t.tv_sec * 1000000000 + t.tv_nsec;
}

static void put(const char *path, const char *text) {
        int fd = (int) MUST(open(path, O_WRONLY | O_CLOEXEC));

        MUST(write(fd, text, strlen(text)));
        close(fd);
}

static void write_maps(pid_t pid, unsigned inside, unsigned outside, unsigned count) {
        char path[64], text[64];

        snprintf(text, sizeof(text), "%u %u %u", inside, outside, count);
        snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
        put(path, text);
        snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
        put(path, text);
}

_Noreturn static int hold(void *unused) {
        for (;;) {
                pause();
        }
}

static int image_mount(void) {
        static char stack[4096] __attribute__((aligned(16)));
        pid_t pid =
                (pid_t) MUST(clone(hold, stack + sizeof(stack), CLONE_VM | CLONE_NEWUSER | SIGCHLD, NULL));
        int mount = (int) MUST(open_tree(AT_FDCWD, image, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)), userns;
        struct mount_attr attributes = { .attr_set = MOUNT_ATTR_IDMAP | MOUNT_ATTR_RDONLY };
        char path[64];

        write_maps(pid, IMAGE_BASE, BASE, 65536);
        snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
        userns = (int) MUST(open(path, O_RDONLY | O_CLOEXEC));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        attributes.userns_fd = (unsigned long) userns;
        MUST(mount_setattr(mount, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)));
        close(userns);
        return mount;
}

static int make_cgroup(void) {
        static const char *const files[] = { ".", "cgroup.procs", "cgroup.subtree_control",
                                             "cgroup.threads" };
        char path[512];

        snprintf(path, sizeof(path), "%s/payload", cgroup);
        MUST(mkdir(path, 0755));
        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
                snprintf(path, sizeof(path), "%s/payload/%s", cgroup, files[i]);
                MUST(chown(path, BASE, BASE));
        }
        snprintf(path, sizeof(path), "%s/payload", cgroup);
        return (int) MUST(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static void exchange(struct mnl_socket *nl, struct nlmsghdr *message) {
        char answer[4096];
        long size;

        message->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
        MUST(mnl_socket_sendto(nl, message, message->nlmsg_len));
        size = MUST(mnl_socket_recvfrom(nl, answer, sizeof(answer)));
        MUST(mnl_cb_run(answer, (size_t) size, 0, mnl_socket_get_portid(nl), NULL, NULL));
}

static struct mnl_socket *netlink_open(void) {
        struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

        if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
                err(1, "netlink");
        }
        return nl;
}

static void add_link(struct mnl_socket *nl, int netns) {
        char buffer[1024];
        struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
        struct ifinfomsg *host;
        struct nlattr *info, *data, *end;

        m->nlmsg_type = RTM_NEWLINK;
        m->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
        host = mnl_nlmsg_put_extra_header(m, sizeof(*host));
        host->ifi_flags = host->ifi_change = IFF_UP;
        mnl_attr_put_strz(m, IFLA_IFNAME, link_name);
        info = mnl_attr_nest_start(m, IFLA_LINKINFO);
        mnl_attr_put_strz(m, IFLA_INFO_KIND, "veth");
        data = mnl_attr_nest_start(m, IFLA_INFO_DATA);
        end = mnl_attr_nest_start(m, VETH_INFO_PEER);
        /* Not up yet: the kernel opens the peer before it knows the host's end. */
        mnl_nlmsg_put_extra_header(m, sizeof(struct ifinfomsg));
        mnl_attr_put_strz(m, IFLA_IFNAME, "eth0");
        mnl_attr_put_u32(m, IFLA_NET_NS_FD, (uint32_t) netns);
        mnl_attr_nest_end(m, end);
        mnl_attr_nest_end(m, data);
        mnl_attr_nest_end(m, info);
        exchange(nl, m);
}

static void add_address(struct mnl_socket *nl, unsigned index, const char *text) {
        char buffer[256];
        struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
        struct ifaddrmsg *a;

        m->nlmsg_type = RTM_NEWADDR;
        m->nlmsg_flags = NLM_F_CREATE;
        a = mnl_nlmsg_put_extra_header(m, sizeof(*a));
        a->ifa_family = AF_INET;
        a->ifa_prefixlen = 32;
        a->ifa_index = index;
        mnl_attr_put_u32(m, IFA_LOCAL, inet_addr(text));
        exchange(nl, m);
}

static void add_route(struct mnl_socket *nl, unsigned index, const char *to, const char *via) {
        char buffer[256];
        struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
        struct rtmsg *r;

        m->nlmsg_type = RTM_NEWROUTE;
        m->nlmsg_flags = NLM_F_CREATE;
        r = mnl_nlmsg_put_extra_header(m, sizeof(*r));
        r->rtm_family = AF_INET;
        r->rtm_table = RT_TABLE_MAIN;
        r->rtm_protocol = RTPROT_STATIC;
        r->rtm_type = RTN_UNICAST;
        r->rtm_scope = via ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
        r->rtm_dst_len = to ? 32 : 0;
        if (to) {
                mnl_attr_put_u32(m, RTA_DST, inet_addr(to));
        }
        if (via) {
                mnl_attr_put_u32(m, RTA_GATEWAY, inet_addr(via));
                r->rtm_flags = RTNH_F_ONLINK;
        }
        mnl_attr_put_u32(m, RTA_OIF, index);
        exchange(nl, m);
}

static void set_up(struct mnl_socket *nl, unsigned index) {
        char buffer[128];
        struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
        struct ifinfomsg *i;

        m->nlmsg_type = RTM_NEWLINK;
        i = mnl_nlmsg_put_extra_header(m, sizeof(*i));
        i->ifi_index = (int) index;
        i->ifi_flags = i->ifi_change = IFF_UP;
        exchange(nl, m);
}

static void connect_network(pid_t pid) {
        char path[64];
        int netns, own = (int) MUST(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
        struct mnl_socket *nl = netlink_open();

        snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
        netns = (int) MUST(open(path, O_RDONLY | O_CLOEXEC));
        add_link(nl, netns);
        add_address(nl, if_nametoindex(link_name), "169.254.1.1");
        add_route(nl, if_nametoindex(link_name), address, NULL);
        mnl_socket_close(nl);
        MUST(setns(netns, CLONE_NEWNET));
        nl = netlink_open();
        set_up(nl, 1);
        set_up(nl, if_nametoindex("eth0"));
        add_address(nl, if_nametoindex("eth0"), address);
        add_route(nl, if_nametoindex("eth0"), "169.254.1.1", NULL);
        add_route(nl, if_nametoindex("eth0"), NULL, "169.254.1.1");
        mnl_socket_close(nl);
        MUST(setns(own, CLONE_NEWNET));
        close(netns);
        close(own);
}

static void bind_node(const char *name) {
        char from[32], to[32];
        int node;

        snprintf(from, sizeof(from), "/dev/%s", name);
        snprintf(to, sizeof(to), "dev/%s", name);
        node = (int) MUST(open_tree(AT_FDCWD, from, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
        MUST(mknod(to, S_IFREG | 0600, 0));
        MUST(move_mount(node, "", AT_FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH));
}

static void make_dev(void) {
        static const char *const nodes[] = { "null",    "zero", "full", "random",
                                             "urandom", "tty",  "fuse", "net/tun" };
        static const char *const directories[] = { "dev/pts", "dev/shm", "dev/mqueue", "dev/net" };
        int master, slave, node, unlock = 0;

        MUST(mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755"));
        for (size_t i = 0; i < 4; i++) {
                MUST(mkdir(directories[i], 0755));
        }
        for (size_t i = 0; i < 8; i++) {
                bind_node(nodes[i]);
        }
        MUST(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,gid=5"));
        MUST(mount("tmpfs", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"));
        MUST(mount("mqueue", "dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV, NULL));
        MUST(symlink("/proc/self/fd", "dev/fd"));
        MUST(symlink("/proc/self/fd/0", "dev/stdin"));
        MUST(symlink("/proc/self/fd/1", "dev/stdout"));
        MUST(symlink("/proc/self/fd/2", "dev/stderr"));
        MUST(symlink("pts/ptmx", "dev/ptmx"));
        master = (int) MUST(open("dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
        MUST(ioctl(master, TIOCSPTLCK, &unlock));
        slave = (int) MUST(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
        node = (int) MUST(open_tree(slave, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
        MUST(mknod("dev/console", S_IFREG | 0600, 0));
        MUST(move_mount(node, "", AT_FDCWD, "dev/console", MOVE_MOUNT_F_EMPTY_PATH));
}

_Noreturn static void child(int mount_fd, int ready) {
        char *const argv[] = { (char *) "/init", NULL }, *const environment[] = { NULL };
        char byte;

        MUST(read(ready, &byte, 1)); /* maps */
        MUST(syscall(SYS_setresgid, 0, 0, 0));
        MUST(syscall(SYS_setgroups, 0, NULL));
        MUST(syscall(SYS_setresuid, 0, 0, 0));
        MUST(chdir(volume));
        MUST(move_mount(mount_fd, "", AT_FDCWD, "lower", MOVE_MOUNT_F_EMPTY_PATH));
        MUST(mount("overlay", "root", "overlay", 0, "lowerdir=lower,upperdir=upper,workdir=work,userxattr"));
        MUST(chdir("root"));
        MUST(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
        MUST(mount("sysfs", "sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
        MUST(mount("cgroup2", "sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
        MUST(mount("tmpfs", "run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"));
        make_dev();
        MUST(sethostname("floor", 5));
        MUST(syscall(SYS_pivot_root, ".", "."));
        MUST(umount2(".", MNT_DETACH));
        MUST(chdir("/"));
        MUST(read(ready, &byte, 1)); /* network */
        MUST(setsid());
        MUST(close_range(3, ~0U, CLOSE_RANGE_CLOEXEC));
        execve(argv[0], argv, environment);
        err(1, "/init");
}

static pid_t start(void) {
        int mount_fd = image_mount(), group = make_cgroup(), ready[2];
        struct clone_args args = {
                .flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
                         CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_INTO_CGROUP,
                .cgroup = (unsigned long) group,
                .exit_signal = SIGCHLD,
        };
        pid_t pid;

        MUST(pipe2(ready, O_CLOEXEC));
        MUST(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP));
        MUST(syscall(SYS_setresuid, -1, BASE, -1));
        pid = (pid_t) MUST(syscall(SYS_clone3, &args, sizeof(args)));
        if (pid == 0) {
                child(mount_fd, ready[0]);
        }
        MUST(syscall(SYS_setresuid, -1, 0, -1));
        write_maps(pid, 0, BASE, COUNT);
        MUST(write(ready[1], "m", 1));
        connect_network(pid);
        MUST(write(ready[1], "n", 1));
        close(ready[0]);
        close(ready[1]);
        close(mount_fd);
        close(group);
        return pid;
}

static long long started_nsec(void) {
        char path[512], text[32] = "";
        int fd;

        snprintf(path, sizeof(path), "%s/upper/started", volume);
        while ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0 || read(fd, text, sizeof(text) - 1) <= 0) {
                if (fd >= 0) {
                        close(fd);
                }
                usleep(500); /* the time is in the file: waiting costs the round nothing */
        }
        close(fd);
        unlink(path);
        return atoll(text);
}

/* What a forced stop cannot do without: kill, wait until the cgroup is empty, remove it. The veth goes with its namespace. */
static void stop(pid_t pid) {
        char path[512];

        snprintf(path, sizeof(path), "%s/payload/cgroup.kill", cgroup);
        put(path, "1");
        waitpid(pid, NULL, 0);
        snprintf(path, sizeof(path), "%s/payload", cgroup);
        while (rmdir(path) < 0 && errno == EBUSY) {
                sched_yield();
        }
}

static void wait_for_link_end(void) {
        while (if_nametoindex(link_name) != 0) {
                usleep(1000); /* between rounds, not measured */
        }
}

static void one_round(bool keep) {
        long long begin = now_nsec(), end, born;
        pid_t pid = start();
        char byte;

        born = started_nsec();
        if (keep) {
                printf("%lld\n", born);
                fflush(stdout);
                (void) !read(STDIN_FILENO, &byte, 1);
        }
        end = now_nsec();
        stop(pid);
        if (!keep) {
                printf("%lld %lld %lld\n", (born - begin) / 1000, (now_nsec() - end) / 1000, born);
                fflush(stdout);
        }
        wait_for_link_end();
}

static void make_volume(void) {
        static const char *const parts[] = { "upper", "work", "lower", "root" };

        for (size_t i = 0; i < 4; i++) {
                char path[512];

                snprintf(path, sizeof(path), "%s/%s", volume, parts[i]);
                (void) mkdir(path, 0755);
                MUST(chown(path, BASE, BASE));
        }
}

int main(int argc, char **argv) {
        int rounds = argc > 4 ? atoi(argv[4]) : 1, index = argc > 5 ? atoi(argv[5]) : 0;

        if (argc < 4 || index < 0 || index > 9999) {
                errx(2, "usage: floor IMAGE VOLUME CGROUP [ROUNDS [INDEX]]");
        }
        image = argv[1];
        volume = argv[2];
        cgroup = argv[3];
        snprintf(link_name, sizeof(link_name), "floor%d", index);
        snprintf(address, sizeof(address), "100.127.%d.%d", index / 250, index % 250 + 1);
        make_volume();
        if (rounds == 0) {
                one_round(true);
        }
        for (int i = 0; i < rounds; i++) {
                one_round(false);
        }
        return 0;
}

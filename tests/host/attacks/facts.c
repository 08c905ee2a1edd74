/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * facts.c: all of the host that no tenant may ever change, one thing per line. One program, since the driver asks after each attack and
 * an emulated host takes its time for every process.
 *
 *   facts FILE     says what is different from FILE ("- was", "+ is"), and FILE becomes what is; no FILE yet: nothing is different
 *
 * Links and addresses of tenants come and go with them, as definitions of weak tenants and of those of one attack do: their own part of
 * the host is judged by the attacks.
 */
#include "attack.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <ifaddrs.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const sysctls[] = {
        "kernel/core_pattern",
        "kernel/modprobe",
        "kernel/hotplug",
        "kernel/sysrq",
        "kernel/randomize_va_space",
        "kernel/kptr_restrict",
        "kernel/dmesg_restrict",
        "kernel/yama/ptrace_scope",
        "kernel/hostname",
        "kernel/perf_event_paranoid",
        "kernel/unprivileged_bpf_disabled",
        "kernel/panic",
        "kernel/pid_max",
        "kernel/threads-max",
        "kernel/keys/maxkeys",
        "kernel/keys/root_maxkeys",
        "kernel/modules_disabled",
        "fs/suid_dumpable",
        "fs/protected_symlinks",
        "fs/protected_hardlinks",
        "fs/protected_fifos",
        "fs/protected_regular",
        "fs/file-max",
        "fs/nr_open",
        "fs/inotify/max_user_instances",
        "fs/inotify/max_user_watches",
        "fs/pipe-user-pages-soft",
        "fs/binfmt_misc/status",
        "user/max_user_namespaces",
        "user/max_net_namespaces",
        "user/max_mnt_namespaces",
        "vm/overcommit_memory",
        "vm/mmap_min_addr",
        "vm/swappiness",
        "net/ipv4/ip_forward",
        "net/ipv4/conf/all/rp_filter",
        "net/ipv4/conf/all/accept_redirects",
        "net/ipv4/conf/all/route_localnet",
        "net/ipv4/ip_unprivileged_port_start",
        "net/ipv6/conf/all/forwarding",
        "net/ipv6/conf/all/accept_ra",
        "net/ipv6/conf/all/accept_redirects",
        "net/netfilter/nf_conntrack_max",
        "net/core/bpf_jit_enable",
        "net/core/somaxconn",
};

static const char *const files[] = {
        "/etc/passwd",
        "/etc/shadow",
        "/etc/group",
        "/etc/gshadow",
        "/etc/hosts",
        "/etc/resolv.conf",
        "/etc/hostname",
        "/etc/machine-id",
        "/etc/subuid",
        "/etc/subgid",
        "/etc/ld.so.preload",
        "/usr/bin/tenantctl",
        "/usr/share/tenantd/seccomp.bpf",
};

static const char *const trees[] = {
        "/etc/tenantd", "/etc/systemd/system", "/etc/cron.d",
        "/root",        "/usr/lib/tenantd",    "/usr/libexec/tenantd",
};

static char **lines;
static size_t n_lines;

__attribute__((format(printf, 1, 2))) static void fact(const char *format, ...) {
        va_list ap;
        char *line;

        va_start(ap, format);
        if (vasprintf(&line, format, ap) < 0) {
                broken("memory");
        }
        va_end(ap);
        lines = realloc(lines, (n_lines + 1) * sizeof(*lines));
        if (!lines) {
                broken("memory");
        }
        lines[n_lines++] = line;
}

static int compare(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static bool of_tenant(const char *interface) {
        return strncmp(interface, "tn", 2) == 0 && interface[2] >= '0' && interface[2] <= '9';
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static void sysctl_facts(void) {
        char path[128], text[512];

        for (size_t i = 0; i < sizeof(sysctls) / sizeof(sysctls[0]); i++) {
                ssize_t n;
                int fd;

                snprintf(path, sizeof(path), "/proc/sys/%s", sysctls[i]);
                fd = open(path, O_RDONLY | O_CLOEXEC);
                n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
                if (n >= 0) {
                        text[n] = '\0';
                        text[strcspn(text, "\n")] = '\0';
                        fact("sysctl %s %s", sysctls[i], text);
                }
                close(fd);
        }
}

/* FNV-1a; who could make another file with it could as well change this program. */
static uint64_t content_hash(const char *path) {
        static unsigned char buffer[65536];
        uint64_t hash = 0xcbf29ce484222325;
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        ssize_t n;

        while (fd >= 0 && (n = read(fd, buffer, sizeof(buffer))) > 0) {
                for (ssize_t i = 0; i < n; i++) {
                        hash = (hash ^ buffer[i]) * 0x100000001b3;
                }
        }
        close(fd);
        return hash;
}

static int file_fact(const char *path, const struct stat *st, int type, struct FTW *where) {
        static const char weak[] = "/etc/tenantd/tenants/weak", of_attack[] = "/etc/tenantd/tenants/attack-";

        if (strncmp(path, weak, strlen(weak)) == 0 || strncmp(path, of_attack, strlen(of_attack)) == 0) {
                return 0;
        }
        if (S_ISREG(st->st_mode)) {
                fact("file %s %o %u %llu %016llx", path, st->st_mode, st->st_uid,
                     (unsigned long long) st->st_size, (unsigned long long) content_hash(path));
        } else {
                fact("file %s %o %u", path, st->st_mode, st->st_uid);
        }
        return 0;
}

static int device_fact(const char *path, const struct stat *st, int type, struct FTW *where) {
        if (type == FTW_D && strcmp(path, "/dev/pts") == 0) {
                return FTW_SKIP_SUBTREE;
        }
        if (S_ISBLK(st->st_mode)) {
                fact("device %s %o %u", path, st->st_mode, st->st_uid);
        }
        return FTW_CONTINUE;
}

static int core_fact(const char *path, const struct stat *st, int type, struct FTW *where) {
        if (where->level > 0) {
                fact("core %s", path);
        }
        return 0;
}

static void file_facts(void) {
        struct stat st;

        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
                if (stat(files[i], &st) == 0) {
                        file_fact(files[i], &st, FTW_F, NULL);
                }
        }
        for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
                nftw(trees[i], file_fact, 16, FTW_PHYS);
        }
        nftw("/dev", device_fact, 16, FTW_PHYS | FTW_ACTIONRETVAL);
        nftw("/var/lib/systemd/coredump", core_fact, 16, FTW_PHYS);
        nftw("/var/crash", core_fact, 16, FTW_PHYS);
}

/* Fields of a line by their numbers from 1, as "KIND field field"; nothing when the one called skip begins with a word. */
static void table_facts(const char *kind, const char *path, const int *fields, size_t n_fields) {
        FILE *f = fopen(path, "re");
        char *line = NULL, *word[32], *rest, text[4096];
        size_t size = 0;

        while (f && getline(&line, &size, f) >= 0) {
                size_t used, n = 0;
                bool tenants = false;

                line[strcspn(line, "\n")] = '\0';
                for (rest = line; n < 32 && (word[n] = strtok(n ? NULL : rest, " \t")); n++) {
                        tenants |= of_tenant(word[n]);
                }
                used = (size_t) snprintf(text, sizeof(text), "%s", kind);
                for (size_t i = 0; i < n_fields && used < sizeof(text); i++) {
                        used += (size_t) snprintf(text + used, sizeof(text) - used, " %s",
                                                  fields[i] <= (int) n ? word[fields[i] - 1] : "-");
                }
                if (!tenants && !strstr(text, "/proc/sys/fs/binfmt_misc") &&
                    !strstr(text, " /run/credentials")) {
                        fact("%s", text);
                }
        }
        free(line);
        if (f) {
                fclose(f);
        }
}

/* --- network ------------------------------------------------------------------------------------------------------ */

static void address_facts(void) {
        struct ifaddrs *all = NULL;
        char address[INET6_ADDRSTRLEN], mask[INET6_ADDRSTRLEN];

        if (getifaddrs(&all) < 0) {
                broken("getifaddrs");
        }
        for (struct ifaddrs *i = all; i; i = i->ifa_next) {
                int family = i->ifa_addr ? i->ifa_addr->sa_family : AF_UNSPEC;
                size_t offset = family == AF_INET ? offsetof(struct sockaddr_in, sin_addr)
                                                  : offsetof(struct sockaddr_in6, sin6_addr);

                if ((family == AF_INET || family == AF_INET6) && !of_tenant(i->ifa_name)) {
                        inet_ntop(family, (char *) i->ifa_addr + offset, address, sizeof(address));
                        inet_ntop(family, (char *) i->ifa_netmask + offset, mask, sizeof(mask));
                        fact("address %s %s %s", i->ifa_name, address, mask);
                }
        }
        freeifaddrs(all);
}

static void rule_fact(const struct nlmsghdr *message) {
        const unsigned char *data = NLMSG_DATA(message);
        size_t size = message->nlmsg_len - NLMSG_HDRLEN, used = 0;
        char text[2048];

        for (size_t i = 0; i < size && used + 3 < sizeof(text); i++) {
                used += (size_t) snprintf(text + used, sizeof(text) - used, "%02x", data[i]);
        }
        fact("rule %s", text);
}

static void rule_facts(void) {
        struct {
                struct nlmsghdr header;
                struct fib_rule_hdr rule;
        } request = { .header = { .nlmsg_len = sizeof(request),
                                  .nlmsg_type = RTM_GETRULE,
                                  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP } };
        static char buffer[65536] __attribute__((aligned(NLMSG_ALIGNTO)));
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        bool more = true;

        if (fd < 0 || send(fd, &request, sizeof(request), 0) < 0) {
                broken("RTM_GETRULE");
        }
        while (more) {
                ssize_t size = recv(fd, buffer, sizeof(buffer), 0);

                more = size > 0;
                for (struct nlmsghdr *m = (void *) buffer; more && NLMSG_OK(m, size);
                     m = NLMSG_NEXT(m, size)) {
                        if (m->nlmsg_type != RTM_NEWRULE) {
                                more = false;
                        } else {
                                rule_fact(m);
                        }
                }
        }
        close(fd);
}

static void gather(void) {
        static const int module[] = { 1 }, mount[] = { 4, 5, 6 }, route[] = { 1, 2, 3, 4, 7, 8 },
                         route6[] = { 1, 2, 3, 4, 5, 6, 10 };

        sysctl_facts();
        file_facts();
        table_facts("module", "/proc/modules", module, 1);
        table_facts("mount", "/proc/self/mountinfo", mount, 3);
        table_facts("route", "/proc/net/route", route, 6);
        table_facts("route6", "/proc/net/ipv6_route", route6, 7);
        address_facts();
        rule_facts();
        qsort(lines, n_lines, sizeof(*lines), compare);
}

/* --- what is different -------------------------------------------------------------------------------------------- */

static char **read_lines(const char *path, size_t *ret_n) {
        FILE *f = fopen(path, "re");
        char *line = NULL, **all = NULL;
        size_t size = 0, n = 0;

        while (f && getline(&line, &size, f) >= 0) {
                line[strcspn(line, "\n")] = '\0';
                all = realloc(all, (n + 1) * sizeof(*all));
                all[n++] = strdup(line);
        }
        if (f) {
                fclose(f);
        }
        *ret_n = n;
        return all;
}

static void write_lines(const char *path) {
        FILE *f = fopen(path, "we");

        for (size_t i = 0; f && i < n_lines; i++) {
                fprintf(f, "%s\n", lines[i]);
        }
        if (!f || fclose(f) != 0) {
                broken(path);
        }
}

int main(int argc, char **argv) {
        size_t n_before, i = 0, j = 0;
        bool same = true;
        char **before;

        if (argc != 2) {
                fprintf(stderr, "usage: facts FILE\n");
                return ATTACK_BROKEN;
        }
        before = read_lines(argv[1], &n_before);
        gather();
        while (n_before > 0 && (i < n_before || j < n_lines)) {
                int order = i == n_before ? 1 : j == n_lines ? -1 : strcmp(before[i], lines[j]);

                if (order != 0) {
                        same = false;
                        say("%c %s", order < 0 ? '-' : '+', order < 0 ? before[i] : lines[j]);
                }
                i += order <= 0;
                j += order >= 0;
        }
        write_lines(argv[1]);
        return same ? 0 : 1;
}

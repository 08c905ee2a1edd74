/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check.c: is this host fit? Every finding comes with what the operator can do, as a command where there is
 * one. Looks only, changes nothing, starts nothing. Owned by the agent's workers.
 */
#include "allocation.h"
#include "apparmor.h"
#include "backends.h"
#include "config.h"
#include "fd.h"
#include "host-config.h"
#include "idrange.h"
#include "image.h"
#include "io.h"
#include "name.h"
#include "parse.h"
#include "paths.h"
#include "seccomp.h"
#include "socket-memory.h"
#include "strv.h"
#include "work.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/version.h>
#include <stdarg.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#define KERNEL_NEEDED KERNEL_VERSION(5, 19, 0)
#define KERNEL_TESTED KERNEL_VERSION(6, 1, 0)
#define SYSTEMD_TESTED 252u
#define MAPS_MAX (1024u * 1024u)
#define SPACE_LOW (2ull << 30)

typedef struct Report {
        HostCheck *checks;
        size_t n;
        int error; /* -ENOMEM: the report is not complete */
} Report;

static const char ok[] = "ok", warning[] = "warning", bad[] = "error";

HostCheck *host_checks_free(HostCheck *checks, size_t n) {
        for (size_t i = 0; checks && i < n; i++) {
                free(checks[i].check);
                free(checks[i].advice);
        }
        free(checks);
        return NULL;
}

static void report_done(Report *r) {
        r->checks = host_checks_free(r->checks, r->n);
}

_printf_(4, 5) static void say(Report *r, const char *check, const char *result, const char *format, ...) {
        HostCheck *more = reallocarray(r->checks, r->n + 1, sizeof(*more));
        HostCheck c = { .check = strdup(check), .result = result };
        va_list ap;
        int n;

        va_start(ap, format);
        n = vasprintf(&c.advice, format, ap);
        va_end(ap);
        if (more) {
                r->checks = more;
        }
        if (!more || !c.check || n < 0) {
                free(c.check);
                free(n < 0 ? NULL : c.advice);
                r->error = -ENOMEM;
                return;
        }
        r->checks[r->n++] = c;
}

static void say_ok(Report *r, const char *check) {
        say(r, check, ok, "%s", "");
}

static void check_kernel(Report *r) {
        struct utsname u;
        unsigned major = 0, minor = 0;

        if (uname(&u) < 0 || sscanf(u.release, "%u.%u", &major, &minor) != 2) {
                say(r, "kernel", bad, "The kernel's version cannot be read (uname -r)");
        } else if (KERNEL_VERSION(major, minor, 0) < KERNEL_NEEDED) {
                say(r, "kernel", bad,
                    "Linux %u.%u is too old: id-mapped mounts below an overlay need 5.19; "
                    "install 6.1 or newer and reboot",
                    major, minor);
        } else if (KERNEL_VERSION(major, minor, 0) < KERNEL_TESTED) {
                say(r, "kernel", warning,
                    "Linux %u.%u has what tenants need, but nobody has tested it; install 6.1 or newer and "
                    "reboot",
                    major, minor);
        } else {
                say_ok(r, "kernel");
        }
}

/* "6.1.0-56-cloud-amd64" is the version "6.1.0-56-" of the flavour "cloud-amd64". */
static size_t version_size(const char *release) {
        return strspn(release, "0123456789.-");
}

/* The newest kernel of the running one's flavour that is installed, when it is newer; the caller frees. */
static char *newer_kernel(const char *running) {
        const size_t size = version_size(running);
        _cleanup_closedir_ DIR *boot = opendir("/boot");
        _cleanup_free_ char *newest = strndup(running, size);
        const struct dirent *e;
        bool found = false;

        while (boot && newest && (e = readdir(boot))) {
                const char *release = e->d_name + strlen("vmlinuz-");
                char *version;

                if (strncmp(e->d_name, "vmlinuz-", strlen("vmlinuz-")) != 0 ||
                    strcmp(release + version_size(release), running + size) != 0) {
                        continue;
                }
                version = strndup(release, version_size(release));
                if (version && strverscmp(version, newest) > 0) {
                        free(newest);
                        newest = TAKE_PTR(version);
                        found = true;
                }
                free(version);
        }
        return found ? TAKE_PTR(newest) : NULL;
}

/* All tenants share the kernel: a hole in it that is mended on disk only is open. */
static void check_kernel_update(Report *r) {
        _cleanup_free_ char *newer = NULL;
        struct utsname u;

        newer = uname(&u) == 0 ? newer_kernel(u.release) : NULL;
        if (newer) {
                say(r, "kernel-update", warning,
                    "Linux %s runs, %s%s is installed; all tenants share the kernel and its holes: stop "
                    "them and reboot",
                    u.release, newer, u.release + version_size(u.release));
        } else {
                say_ok(r, "kernel-update");
        }
}

/* Threads of one core share its caches, and with them what one tenant can find out about another's work. */
static void check_smt(Report *r) {
        _cleanup_free_ char *active = NULL;

        if (file_read(AT_FDCWD, "/sys/devices/system/cpu/smt/active", 16, &active, NULL) >= 0 &&
            active[0] == '1') {
                say(r, "smt", warning,
                    "Two tenants may run on one core at the same time and learn about each other by its "
                    "caches; where that matters give them cores of their own (AllowedCPUs=) or boot with "
                    "nosmt");
        } else {
                say_ok(r, "smt");
        }
}

/* Of the one that runs, by the name of its library: "libsystemd-shared-252.so". 0: it has none, or nobody may look. */
static unsigned systemd_version(void) {
        _cleanup_free_ char *maps = NULL;
        unsigned version = 0;
        const char *name;

        if (file_read(AT_FDCWD, "/proc/1/maps", MAPS_MAX, &maps, NULL) < 0) {
                return 0;
        }
        name = strstr(maps, "/libsystemd-shared-");
        return name && sscanf(name, "/libsystemd-shared-%u", &version) == 1 ? version : 0;
}

static void check_systemd(Report *r) {
        unsigned version = systemd_version();

        if (access("/run/systemd/system", F_OK) < 0) {
                say(r, "systemd", bad, "systemd is not process 1 of this host; tenants are its units");
        } else if (version > 0 && version < SYSTEMD_TESTED) {
                say(r, "systemd", warning,
                    "systemd %u is older than what tenants' units are written for; "
                    "upgrade it to %u or newer",
                    version, SYSTEMD_TESTED);
        } else {
                say_ok(r, "systemd");
        }
}

static bool has_word(const char *list, const char *word) {
        size_t n = strlen(word);

        for (const char *p = strstr(list, word); p; p = strstr(p + 1, word)) {
                if ((p == list || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\n' || p[n] == '\0')) {
                        return true;
                }
        }
        return false;
}

static void check_cgroup(Report *r) {
        static const char *const controllers[] = { "memory", "cpu", "pids", "io" };
        _cleanup_free_ char *have = NULL;
        char missing[64] = "";
        struct statfs fs;

        if (statfs("/sys/fs/cgroup", &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC) {
                say(r, "cgroup", bad,
                    "/sys/fs/cgroup is not cgroup version 2; add systemd.unified_cgroup_hierarchy=1 to the "
                    "kernel's command line and reboot");
                return;
        }
        if (file_read(AT_FDCWD, "/sys/fs/cgroup/cgroup.controllers", 4096, &have, NULL) < 0) {
                have = strdup("");
        }
        for (size_t i = 0; have && i < ELEMENTSOF(controllers); i++) {
                if (!has_word(have, controllers[i])) {
                        strcat(missing, missing[0] ? " " : "");
                        strcat(missing, controllers[i]);
                }
        }
        if (missing[0]) {
                say(r, "cgroup", warning,
                    "Without the controllers: %s; limits of that kind are refused. They may be bound to "
                    "cgroup version 1, or switched off by cgroup_disable= on the kernel's command line",
                    missing);
        } else {
                say_ok(r, "cgroup");
        }
}

/* A positive number in a file, or 0. */
static uint64_t number_of(const char *path) {
        _cleanup_free_ char *text = NULL;
        uint64_t n = 0;

        if (file_read(AT_FDCWD, path, 64, &text, NULL) < 0) {
                return 0;
        }
        text[strcspn(text, "\n")] = '\0';
        return parse_u64(text, &n) < 0 ? 0 : n;
}

static void check_namespaces(Report *r) {
        if (access("/proc/self/ns/user", F_OK) < 0 || number_of("/proc/sys/user/max_user_namespaces") == 0) {
                say(r, "user-namespaces", bad,
                    "User namespaces are switched off; allow them: sysctl -w "
                    "user.max_user_namespaces=65536");
        } else {
                say_ok(r, "user-namespaces");
        }
}

/* Loaded, built in, or a file system that the kernel knows. */
static bool module_is_there(const char *name, const char *builtin, const char *filesystems) {
        char path[128], entry[72];

        snprintf(path, sizeof(path), "/sys/module/%s", name);
        if (access(path, F_OK) == 0) {
                return true;
        }
        snprintf(entry, sizeof(entry), "/%s.ko", name);
        if (builtin && strstr(builtin, entry)) {
                return true;
        }
        snprintf(entry, sizeof(entry), "\t%s\n", name);
        return filesystems && strstr(filesystems, entry);
}

static void check_modules(Report *r) {
        static const struct {
                const char *name;
                const char *use;
        } modules[] = {
                { "overlay", "root file systems of tenants" },
                { "veth", "network of tenants" },
                { "nf_tables", "filters of the network" },
                { "bridge", "Docker's networks inside tenants" },
                { "br_netfilter", "Docker's networks inside tenants" },
                { "nf_nat", "Docker's published ports inside tenants" },
                { "tun", "VPNs inside tenants" },
                { "fuse", "FUSE inside tenants" },
        };
        _cleanup_free_ char *builtin = NULL, *filesystems = NULL;
        char path[256];
        struct utsname u;
        bool all = true;

        if (access("/proc/modules", F_OK) < 0) {
                say_ok(r,
                       "modules"); /* a kernel without modules has them built in, or the backends say so */
                return;
        }
        if (uname(&u) == 0) {
                snprintf(path, sizeof(path), "/lib/modules/%s/modules.builtin", u.release);
                (void) !file_read(AT_FDCWD, path, 4u << 20, &builtin,
                                  NULL); /* then only what is loaded counts */
        }
        (void) !file_read(AT_FDCWD, "/proc/filesystems", 65536, &filesystems, NULL);
        for (size_t i = 0; i < ELEMENTSOF(modules); i++) {
                if (!module_is_there(modules[i].name, builtin, filesystems)) {
                        all = false;
                        snprintf(path, sizeof(path), "module-%s", modules[i].name);
                        say(r, path, warning,
                            "Kernel module %s is not to be seen, for: %s; load it: modprobe %s",
                            modules[i].name, modules[i].use, modules[i].name);
                }
        }
        if (all) {
                say_ok(r, "modules");
        }
}

static void check_sysctls(Report *r) {
        static const struct {
                const char *name;
                const char *path;
                uint64_t minimum;
                const char *why;
        } sysctls[] = {
                { "net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward", 1,
                  "tenants reach nothing outside without it" },
                { "kernel.pid_max", "/proc/sys/kernel/pid_max", 131072,
                  "all tenants share the numbers of processes" },
                { "fs.inotify.max_user_instances", "/proc/sys/fs/inotify/max_user_instances", 1024,
                  "systemd and dockerd of a tenant watch files" },
                { "vm.max_map_count", "/proc/sys/vm/max_map_count", 262144,
                  "databases in containers ask for it" },
        };
        bool all = true;

        for (size_t i = 0; i < ELEMENTSOF(sysctls); i++) {
                char check[64];

                if (number_of(sysctls[i].path) >= sysctls[i].minimum) {
                        continue;
                }
                all = false;
                snprintf(check, sizeof(check), "sysctl-%s", sysctls[i].name);
                say(r, check, warning, "%s: sysctl -w %s=%llu, and the same in a file of /etc/sysctl.d",
                    sysctls[i].why, sysctls[i].name, (unsigned long long) sysctls[i].minimum);
        }
        if (all) {
                say_ok(r, "sysctls");
        }
}

/* Not to be seen in a container, whose host decides. */
static void check_filter_room(Report *r) {
        if (number_of("/proc/sys/net/core/bpf_jit_enable") == 0) {
                say_ok(r, "compiled-filters");
                return;
        }
        say(r, "compiled-filters", warning,
            "The kernel compiles filters, and one tenant can use up the room for all: "
            "its neighbours' services and containers fail then, and no tenant starts; "
            "sysctl -w net.core.bpf_jit_enable=0, and the same in a file of /etc/sysctl.d "
            "(a kernel that refuses it has a limit to be raised instead: net.core.bpf_jit_limit)");
}

/* What the host gives its own programs must not be what tenants' connections leave by (TENANT_HOST_PORT_LAST). */
static void check_ports(Report *r) {
        _cleanup_free_ char *text = NULL;
        unsigned first, last;

        if (file_read(AT_FDCWD, "/proc/sys/net/ipv4/ip_local_port_range", 64, &text, NULL) < 0 ||
            sscanf(text, "%u %u", &first, &last) != 2 || last <= TENANT_HOST_PORT_LAST) {
                say_ok(r, "ports");
        } else {
                say(r, "ports", warning,
                    "This host gives its own programs ports up to %u, and tenants' connections leave by "
                    "those from %u: "
                    "a tenant could answer for a program there; sysctl -w net.ipv4.ip_local_port_range='%u "
                    "%u', and the "
                    "same in a file of /etc/sysctl.d",
                    last, TENANT_HOST_PORT_LAST + 1, first < TENANT_HOST_PORT_LAST ? first : 32768,
                    TENANT_HOST_PORT_LAST);
        }
}

static void check_socket_memory(Report *r) {
        char wanted[96];

        for (enum socket_memory kind = 0; kind < _SOCKET_MEMORY_MAX; kind++) {
                if (socket_memory_lacks(kind, wanted) > 0) {
                        say(r, "socket-memory", warning,
                            "One tenant's buffers can stop everybody's connections: %s is too low for this "
                            "host's memory; systemctl restart tenantd-sockets.service",
                            socket_memory_path(kind));
                        return;
                }
        }
        say_ok(r, "socket-memory");
}

/* In a container the kernel's modules are the affair of the host below. */
static void check_autoload(Report *r) {
        _cleanup_free_ char *helper = NULL, *events = NULL;

        if (access("/run/systemd/container", F_OK) == 0 ||
            file_read(AT_FDCWD, "/proc/sys/kernel/modprobe", 4096, &helper, NULL) < 0 ||
            file_read(AT_FDCWD, "/sys/fs/cgroup/tenant.slice/cgroup.events", 4096, &events, NULL) < 0 ||
            !strstr(events, "populated 1")) {
                say_ok(r, "module-autoload"); /* no modules, or no tenant that could ask for one */
                return;
        }
        helper[strcspn(helper, "\n")] = '\0';
        if (!helper[0] || strcmp(helper, "/bin/false") == 0 ||
            strcmp(helper, TENANTD_LIBEXEC_DIR "/module-gate") == 0) {
                say_ok(r, "module-autoload");
        } else {
                say(r, "module-autoload", warning,
                    "Tenants can make the kernel load modules by %s; stop that: systemctl restart "
                    "tenantd-modules.service",
                    helper);
        }
}

/* A pattern that is a pipe runs a program as the host's root, on what a tenant's process wants it to read. */
static void check_cores(Report *r) {
        _cleanup_free_ char *pattern = NULL;

        if (file_read(AT_FDCWD, "/proc/sys/kernel/core_pattern", 4096, &pattern, NULL) >= 0 &&
            pattern[0] == '|') {
                say(r, "core-pattern", warning,
                    "Core dumps of tenants are handed to a program that runs as root of this host; keep "
                    "them inside: sysctl -w "
                    "kernel.core_pattern=core, and the same in a file of /etc/sysctl.d");
        } else {
                say_ok(r, "core-pattern");
        }
}

/* Kept ready, or made when they are asked for; of any size. */
static bool has_huge_pages(void) {
        _cleanup_closedir_ DIR *dir = opendir("/sys/kernel/mm/hugepages");
        static const char *const files[] = { "nr_hugepages", "nr_overcommit_hugepages" };
        struct dirent *entry;
        char path[300];

        while (dir && (entry = readdir(dir))) {
                for (size_t i = 0; i < ELEMENTSOF(files) && entry->d_name[0] != '.'; i++) {
                        snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/%.64s/%s", entry->d_name,
                                 files[i]);
                        if (number_of(path) > 0) {
                                return true;
                        }
                }
        }
        return false;
}

/* memory.max does not count them, and the controller that does is one that systemd hands to no unit. */
static void check_huge_pages(Report *r) {
        if (has_huge_pages()) {
                say(r, "huge-pages", warning,
                    "This host has huge pages (vm.nr_hugepages, vm.nr_overcommit_hugepages): any tenant can "
                    "take them all, whatever its MemoryMax=; give them back: sysctl -w vm.nr_hugepages=0 "
                    "vm.nr_overcommit_hugepages=0, and the same in a file of /etc/sysctl.d");
        } else {
                say_ok(r, "huge-pages");
        }
}

/* What is promised, and not used, is charged to nobody: only this mode has a bound for it, one for all. */
static void check_overcommit(Report *r) {
        if (number_of("/proc/sys/vm/overcommit_memory") == 2) {
                say(r, "overcommit", warning,
                    "This host promises no more memory than it has (vm.overcommit_memory=2): any tenant can "
                    "have all of it promised without using it, whatever its MemoryMax=; sysctl -w "
                    "vm.overcommit_memory=0, and the same in a file of /etc/sysctl.d");
        } else {
                say_ok(r, "overcommit");
        }
}

/* A directory for what tenants' ids own: nobody but root gets in, nothing in it acts on the host. */
static void check_store(Report *r, const char *check, enum path_id id) {
        const char *path = path_get(id);
        _cleanup_close_ int fd = path_open(id);
        struct statvfs fs;
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0 || statvfs(path, &fs) < 0) {
                say(r, check, bad, "Cannot open %s: %s", path, strerror(fd < 0 ? -fd : errno));
        } else if ((st.st_mode & 077) != 0 || st.st_uid != 0) {
                say(r, check, bad, "%s must be root's alone: chown root:root %s; chmod 0700 %s", path, path,
                    path);
        } else if ((fs.f_flag & (ST_NOSUID | ST_NODEV)) != (ST_NOSUID | ST_NODEV)) {
                say(r, check, warning,
                    "%s is not mounted nosuid,nodev; mount it so: systemctl start var-lib-tenantd-%s.mount",
                    path, check);
        } else {
                say_ok(r, check);
        }
}

static void check_stores(Report *r) {
        struct statvfs fs;
        char text[32];

        check_store(r, "storage", PATH_STORAGE);
        check_store(r, "images", PATH_IMAGES);
        if (statvfs(path_get(PATH_STORAGE), &fs) == 0 && fs.f_bavail * fs.f_frsize < SPACE_LOW) {
                say(r, "space", warning, "Only %s left in %s; make room or move it to a larger file system",
                    format_size(fs.f_bavail * fs.f_frsize, text), path_get(PATH_STORAGE));
        }
}

/* One backend of one kind; what it says itself when it cannot work. True: usable by auto. */
static bool check_backend(Report *r, enum tenant_kind kind, const char *name, int store_fd) {
        const Plugin *plugin;
        TenantError e = { 0 };
        char check[96];
        int result;

        snprintf(check, sizeof(check), "backend-%s-%.48s", plugin_kind_name[kind], name);
        result = plugin_load(kind, name, &plugin, &e);
        if (result < 0) {
                say(r, check, bad, "%s", e.message);
                return false;
        }
        if (plugin->descriptor.priority < 0) {
                return false; /* only for those who ask for it */
        }
        result = plugin_probe(plugin, &host_default, &e);
        if (result >= 0 && kind == TENANT_KIND_STORAGE && plugin->ops.storage.fit && store_fd >= 0) {
                result = plugin_result(plugin, "fit", plugin->ops.storage.fit(&host_default, store_fd, &e),
                                       &e);
        }
        if (result < 0) {
                say(r, check, warning, "%s", e.message);
                return false;
        }
        say_ok(r, check);
        return true;
}

static void check_backends(Report *r) {
        _cleanup_close_ int store = path_open(PATH_STORAGE);

        for (enum tenant_kind k = 0; k < TENANT_KIND_COUNT; k++) {
                _cleanup_(strv_free_p) char **names = NULL;
                TenantError e = { 0 };
                bool usable = false;

                if (plugin_list(k, &names, &e) < 0) {
                        say(r, "backends", bad, "%s", e.message);
                        return;
                }
                for (char **name = names; name && *name; name++) {
                        usable = check_backend(r, k, *name, store) || usable;
                }
                if (!usable) {
                        char check[64];

                        snprintf(check, sizeof(check), "backend-%s", plugin_kind_name[k]);
                        say(r, check, bad,
                            "No %s backend works on this host; see the others' advice, or reinstall tenantd",
                            plugin_kind_name[k]);
                }
        }
}

static void check_filter(Report *r) {
        TenantError e = { 0 };
        int code = 0;

        for (int packet_sockets = 0; code >= 0 && packet_sockets < 2; packet_sockets++) {
                SeccompFilter filter = { 0 };

                code = seccomp_read(packet_sockets, &filter, &e);
                seccomp_filter_done(&filter);
        }
        if (code < 0) {
                say(r, "seccomp", bad, "%s", e.message);
        } else {
                say_ok(r, "seccomp");
        }
}

static void check_apparmor(Report *r) {
        switch (apparmor_state()) {
        case APPARMOR_ABSENT: /* nothing that the operator left out */
        case APPARMOR_ENFORCED:
                say_ok(r, "apparmor");
                break;
        case APPARMOR_NOT_LOADED:
                say(r, "apparmor", warning,
                    "The profile " APPARMOR_PROFILE
                    " is not loaded: tenants start without it; load it: apt install "
                    "apparmor; systemctl reload apparmor");
                break;
        case APPARMOR_COMPLAINS:
                say(r, "apparmor", warning,
                    "The profile " APPARMOR_PROFILE " only complains; enforce it: apparmor_parser -r "
                    "/etc/apparmor.d/" APPARMOR_PROFILE "");
                break;
        default:
                say(r, "apparmor", warning,
                    "Whether the profile " APPARMOR_PROFILE
                    " is loaded cannot be seen; mount securityfs: mount -t "
                    "securityfs securityfs /sys/kernel/security");
        }
}

static bool ranges_meet(IdRange a, IdRange b) {
        return (uint64_t) a.base < (uint64_t) b.base + b.count &&
               (uint64_t) b.base < (uint64_t) a.base + a.count;
}

/* Who has an id in /etc/subuid can become it (newuidmap), and is then the owner of all that has it. */
static bool ids_given_away(Report *r, const char *whose, IdRange ids, const IdRange *foreign, size_t n) {
        for (size_t i = 0; i < n; i++) {
                if (ranges_meet(ids, foreign[i])) {
                        say(r, "ids", bad,
                            "The ids from %u are given to a user of this host in /etc/subuid or "
                            "/etc/subgid, "
                            "but %s; give that user others",
                            foreign[i].base, whose);
                        return true;
                }
        }
        return false;
}

static bool tenants_ids_given_away(Report *r, const IdRange *foreign, size_t n) {
        _cleanup_(strv_free_p) char **names = NULL;
        char whose[TENANT_NAME_MAX + 32];
        bool any = false;

        if (allocation_list(&names, NULL) < 0) {
                return false; /* check_tenants says why */
        }
        for (char **name = names; name && *name; name++) {
                _cleanup_(allocation_free_p) Allocation *a = NULL;

                snprintf(whose, sizeof(whose), "tenant '%s' has them", *name);
                any |= allocation_load(*name, &a, NULL) >= 0 && ids_given_away(r, whose, a->ids, foreign, n);
        }
        return any;
}

static void check_ids(Report *r) {
        const IdRange images = { .base = ID_WINDOW_FIRST, .count = IMAGE_ID_COUNT };
        _cleanup_free_ IdRange *foreign = NULL;
        TenantError e = { 0 };
        size_t n = 0;
        bool any;

        if (idrange_foreign(&foreign, &n, &e) < 0) {
                say(r, "ids", bad, "%s", e.message);
                return;
        }
        any = ids_given_away(r, "images use them", images, foreign, n);
        any |= tenants_ids_given_away(r, foreign, n);
        if (!any) {
                say_ok(r, "ids");
        }
}

static void check_images(Report *r) {
        _cleanup_(strv_free_p) char **names = NULL;
        TenantError e = { 0 };

        if (image_list(&names, &e) < 0) {
                say(r, "image-list", bad, "%s", e.message);
        } else if (!names || !names[0]) {
                say(r, "image-list", warning,
                    "There is no image yet; build one: tenantctl image build debian12 --suite=bookworm "
                    "--profile=docker");
        } else {
                say_ok(r, "image-list");
        }
        if (access("/usr/bin/mmdebstrap", X_OK) < 0) {
                say(r, "mmdebstrap", warning,
                    "To build images: apt install mmdebstrap (importing works without)");
        }
}

static void check_config(Report *r) {
        _cleanup_(config_done) Config config = { 0 };
        TenantError e = { 0 };

        if (config_load(&config, &e) < 0) {
                say(r, "config", bad, "%s", e.message);
        } else {
                say_ok(r, "config");
        }
}

/* What is left of tenants without a definition. True: nothing, or what is being made or removed. */
static bool check_undefined(Report *r, char **directories) {
        bool all = true;

        for (char **name = directories; name && *name; name++) {
                _cleanup_(allocation_free_p) Allocation *a = NULL;
                TenantError e = { 0 };

                if (!allocation_is_orphan(*name)) {
                        continue;
                }
                all = false;
                if (allocation_load(*name, &a, &e) < 0) {
                        say(r, "tenants", bad, "%s", e.message);
                } else {
                        say(r, "tenants", warning,
                            "Tenant %s has no definition %s/%s.conf; put it back, or remove what is left of "
                            "it: tenantctl remove %s",
                            *name, path_get(PATH_DEFINITIONS), *name, *name);
                }
        }
        return all;
}

/* Definitions that would not start, and allocations that stop every creation. */
static void check_tenants(Report *r) {
        _cleanup_(strv_free_p) char **names = NULL, **directories = NULL;
        TenantError e = { 0 };
        bool all;

        if (definition_list(&names, &e) < 0 || allocation_list(&directories, &e) < 0) {
                say(r, "tenants", bad, "%s", e.message);
                return;
        }
        all = check_undefined(r, directories);
        for (char **name = names; name && *name; name++) {
                _cleanup_(definition_free_p) Definition *d = NULL;
                _cleanup_(allocation_free_p) Allocation *a = NULL;

                if (definition_load(*name, &d, &e) < 0 || allocation_load(*name, &a, &e) < 0) {
                        all = false;
                        say(r, "tenants", bad, "%s", e.message);
                }
        }
        if (all) {
                say_ok(r, "tenants");
        }
}

int work_check_host(HostCheck **ret, size_t *ret_n, TenantError *error) {
        static void (*const checks[])(Report * r) = {
                check_kernel,        check_kernel_update, check_smt,     check_systemd,     check_cgroup,
                check_namespaces,    check_modules,       check_sysctls, check_filter_room, check_ports,
                check_socket_memory, check_autoload,      check_cores,   check_huge_pages,  check_overcommit,
                check_stores,        check_backends,      check_filter,  check_apparmor,    check_ids,
                check_images,        check_config,        check_tenants,
        };
        _cleanup_(report_done) Report report = { 0 };

        for (size_t i = 0; i < ELEMENTSOF(checks); i++) {
                checks[i](&report);
        }
        if (report.error < 0) {
                return error_set_errno(error, report.error, E_FAILED, "Cannot check the host");
        }
        *ret_n = report.n;
        *ret = TAKE_PTR(report.checks);
        report.n = 0;
        return 0;
}

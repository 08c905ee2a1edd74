/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * docker.c: see docker.h. What the host has to do with a tenant's Docker beyond its certificates. Refuses to
 * write into a tenant from outside: new certificates are written by a process in it, as its root. Owned by
 * the agent's workers.
 */
#include "docker.h"
#include "docker-layout.h"
#include "fd.h"
#include "host-config.h"
#include "host.h"
#include "inside.h"
#include "io.h"
#include "parse.h"
#include "paths.h"
#include "pki.h"
#include "running.h"
#include "strv.h"
#include "work.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/magic.h>
#include <net/if.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#define ROUTES "/proc/net/route"
#define ROUTES_MAX (4u * 1024u * 1024u)
#define PEM_MAX (64u * 1024u)
#define PUSH_USEC (20u * 1000000u)
#define RESTART_USEC                                                                                        \
        (180u * 1000000u) /* systemd gives dockerd 90 s to stop its containers, then it starts */
#define EXIT_NO_DIRECTORY 3

/* Interface of the default route with the lowest metric; false: there is none. */
static bool default_interface(char ret[static IF_NAMESIZE]) {
        _cleanup_free_ char *text = NULL;
        unsigned best = UINT32_MAX;
        bool found = false;
        char *rest;

        if (file_read(AT_FDCWD, ROUTES, ROUTES_MAX, &text, NULL) < 0) {
                return false;
        }
        rest = text;
        for (char *line = strtok_r(rest, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
                unsigned destination, gateway, flags, metric, mask;
                char name[IF_NAMESIZE];

                if (sscanf(line, "%15s %x %x %x %*d %*d %u %x", name, &destination, &gateway, &flags,
                           &metric, &mask) == 6 &&
                    destination == 0 && mask == 0 && (!found || metric < best)) {
                        found = true;
                        best = metric;
                        memcpy(ret, name, sizeof(name));
                }
        }
        return found;
}

/* The address by which others most likely know this host. */
static bool host_address(char ret[static INET_ADDRSTRLEN]) {
        struct ifaddrs *all = NULL;
        char name[IF_NAMESIZE];
        bool found = false;

        if (!default_interface(name) || getifaddrs(&all) < 0) {
                return false;
        }
        for (const struct ifaddrs *a = all; a && !found; a = a->ifa_next) {
                if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET && strcmp(a->ifa_name, name) == 0) {
                        const struct sockaddr_in *in =
                                (const struct sockaddr_in *) (const void *) a->ifa_addr;

                        found = inet_ntop(AF_INET, &in->sin_addr, ret, INET_ADDRSTRLEN) != NULL;
                }
        }
        freeifaddrs(all);
        return found;
}

/* 1: it has one; 0: not (no network). */
static int tenant_address(const Definition *d, const Allocation *a, char ret[static INET_ADDRSTRLEN],
                          TenantError *error) {
        _cleanup_(backends_free_p) Backends *b = NULL;
        const Backend *network;
        struct in_addr address;
        int r = backends_load_for_release(d->name, a, &host_default, KIND_BIT(TENANT_KIND_NETWORK), &b,
                                          error);

        if (r < 0) {
                return r;
        }
        network = &b->kind[TENANT_KIND_NETWORK];
        if (!network->plugin->ops.network.address ||
            network->plugin->ops.network.address(&network->context, &address, NULL) < 0) {
                return 0;
        }
        return inet_ntop(AF_INET, &address, ret, INET_ADDRSTRLEN) ? 1 : 0;
}

int docker_endpoint(const Definition *d, const Allocation *a, char **ret, TenantError *error) {
        _cleanup_(config_done) Config config = { 0 };
        char address[INET_ADDRSTRLEN];
        uint16_t port = a->docker_port;
        int r = config_load(&config, error);

        if (r < 0) {
                return r;
        }
        if (port == 0 || (!config.server_name && !host_address(address))) {
                r = tenant_address(d, a, address, error);
                if (r <= 0) {
                        return r < 0 ? r
                                     : error_set(error, ENODATA, E_NOT_SUPPORTED,
                                                 "Tenant '%s' has no address: its Docker cannot be reached "
                                                 "from outside",
                                                 d->name);
                }
                port = DOCKER_TLS_PORT;
        } else if (config.server_name) {
                return asprintf(ret, "tcp://%s:%u", config.server_name, port) < 0 ? -ENOMEM : 0;
        }
        return asprintf(ret, "tcp://%s:%u", address, port) < 0 ? -ENOMEM : 0;
}

static int push_new(char ***v, const char *text) {
        return strv_contains(*v, text) ? 0 : strv_push(v, text);
}

/* A name is a name, an address an address. */
static int push_either(char ***dns, char ***addresses, const char *text) {
        struct in_addr unused;

        return push_new(parse_ipv4(text, &unused) >= 0 ? addresses : dns, text);
}

static int push_names(const Definition *d, const Config *config, char ***dns, char ***addresses) {
        char text[256] = "";
        int r = push_new(dns, d->name);

        r = r < 0 ? r : push_new(dns, "localhost");
        r = r < 0 ? r : push_new(addresses, "127.0.0.1");
        if (r >= 0 && gethostname(text, sizeof(text) - 1) >= 0 && text[0]) {
                r = push_either(dns, addresses, text);
        }
        if (r >= 0 && host_address(text)) {
                r = push_new(addresses, text);
        }
        if (r >= 0 && config->server_name) {
                r = push_either(dns, addresses, config->server_name);
        }
        return r;
}

int docker_names(const Definition *d, const Allocation *a, char ***ret_dns, char ***ret_addresses,
                 TenantError *error) {
        _cleanup_(config_done) Config config = { 0 };
        _cleanup_(strv_free_p) char **dns = NULL, **addresses = NULL;
        char text[INET_ADDRSTRLEN];
        int r = config_load(&config, error);

        if (r < 0) {
                return r;
        }
        r = tenant_address(d, a, text, error);
        if (r < 0) {
                return r;
        }
        r = r > 0 ? push_new(&addresses, text) : 0;
        r = r < 0 ? r : push_names(d, &config, &dns, &addresses);
        if (r < 0) {
                return error_set_errno(error, r, E_FAILED, "Cannot collect the names of tenant '%s'",
                                       d->name);
        }
        *ret_dns = TAKE_PTR(dns);
        *ret_addresses = TAKE_PTR(addresses);
        return 0;
}

int docker_renew_certificate(const Definition *d, const Allocation *a, const struct tenant_host *host,
                             TenantError *error) {
        _cleanup_(strv_free_p) char **dns = NULL, **addresses = NULL;
        bool renewed;
        int r = docker_names(d, a, &dns, &addresses, error);

        r = r < 0 ? r
                  : pki_renew_server(d->name, &(PkiNames){ .dns = dns, .addresses = addresses }, &renewed,
                                     error);
        if (r >= 0 && renewed && tenant_is_locked(d->name)) {
                host_log(host, 4,
                         "Tenant %s: its Docker's certificate lacks a name or an address of now; "
                         "a new one is made and takes effect with: tenantctl restart %s",
                         d->name, d->name);
        } else if (r >= 0 && renewed) {
                host_log(host, 6, "Tenant %s: a new certificate for its Docker, for names of now", d->name);
        }
        return r;
}

enum { PUSH_CA, PUSH_CERT, PUSH_KEY, PUSH_COUNT };

static const struct {
        const char *source;
        const char *target;
        mode_t mode;
} push_files[PUSH_COUNT] = {
        [PUSH_CA] = { "ca.crt", DOCKER_CA, DOCKER_PUBLIC_MODE },
        [PUSH_CERT] = { "server.crt", DOCKER_CERT, DOCKER_PUBLIC_MODE },
        [PUSH_KEY] = { "server.key", DOCKER_KEY, DOCKER_KEY_MODE },
};

typedef struct Push {
        char *text[PUSH_COUNT];
        size_t size[PUSH_COUNT];
} Push;

static void push_done(Push *p) {
        for (size_t i = 0; i < PUSH_COUNT; i++) {
                if (p->text[i]) {
                        explicit_bzero(p->text[i], p->size[i]);
                }
                free(p->text[i]);
        }
}

static int push_read(const char *name, Push *ret, TenantError *error) {
        for (size_t i = 0; i < PUSH_COUNT; i++) {
                char path[300];
                int r;

                snprintf(path, sizeof(path), "%s/%s/pki/%s", path_get(PATH_TENANTS), name,
                         push_files[i].source);
                r = file_read(AT_FDCWD, path, PEM_MAX, &ret->text[i], &ret->size[i]);
                if (r < 0) {
                        return error_set_errno(error, r, E_DAMAGED,
                                               "Cannot read %s; make new certificates with: tenantctl "
                                               "docker-rotate %s",
                                               path, name);
                }
        }
        return 0;
}

static int replace_file(int dir_fd, const char *name, mode_t mode, const char *text, size_t size) {
        _cleanup_close_ int fd = -1;
        char temporary[32];
        int r;

        snprintf(temporary, sizeof(temporary), ".%s.new", name);
        if (unlinkat(dir_fd, temporary, 0) < 0 && errno != ENOENT) {
                return -errno;
        }
        fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0) {
                return -errno;
        }
        r = fd_write_all(fd, text, size);
        return r < 0 ? r : renameat(dir_fd, temporary, dir_fd, name) < 0 ? -errno : 0;
}

/* In the tenant, as its root: the small read-only file system that the start made is opened for a moment. */
static int push_inside(void *userdata) {
        const Push *p = userdata;
        struct mount_attr writable = { .attr_clr = MOUNT_ATTR_RDONLY },
                          readonly = { .attr_set = MOUNT_ATTR_RDONLY };
        _cleanup_close_ int dir =
                open("/" DOCKER_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct statfs fs;
        int r = 0;

        if (dir < 0 || fstatfs(dir, &fs) < 0 || fs.f_type != TMPFS_MAGIC) {
                return EXIT_NO_DIRECTORY;
        }
        if (mount_setattr(dir, "", AT_EMPTY_PATH, &writable, sizeof(writable)) < 0) {
                return errno == EINVAL ? EXIT_NO_DIRECTORY : EXIT_FAILURE; /* not the root of a mount */
        }
        for (size_t i = 0; i < PUSH_COUNT && r >= 0; i++) {
                r = replace_file(dir, push_files[i].target, push_files[i].mode, p->text[i], p->size[i]);
        }
        if (mount_setattr(dir, "", AT_EMPTY_PATH, &readonly, sizeof(readonly)) < 0) {
                r = -errno;
        }
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int push_files_inside(const char *name, Push *push, const struct tenant_host *host,
                             TenantError *error) {
        _cleanup_(inside_done) Inside inside = INSIDE_NONE;
        _cleanup_close_ int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), pidfd = -1, error_fd = -1;
        const uint64_t deadline = inside_deadline(PUSH_USEC);
        int r = inside_open(name, host, &inside, error);

        if (r < 0) {
                return r;
        }
        const InsideChild child = { .stdio = { null_fd, null_fd, null_fd },
                                    .body = push_inside,
                                    .userdata = push };
        r = inside_start(&inside, &child, &pidfd, &error_fd, error);
        r = r < 0 ? r : inside_entered(error_fd, deadline, host, error);
        if (r < 0) {
                return r;
        }
        r = inside_wait(pidfd, deadline, host, error);
        if (r < 0) {
                return r;
        }
        if (r == EXIT_NO_DIRECTORY) {
                return error_set(error, ENOENT, E_NOT_SUPPORTED,
                                 "Tenant '%s' was started before it had Docker; restart it to have the new "
                                 "certificates",
                                 name);
        }
        return r == 0 ? 0
                      : error_set(error, EIO, E_FAILED,
                                  "Cannot write the certificates in tenant '%s'; they take effect at its "
                                  "next start",
                                  name);
}

int docker_push_certificates(const char *name, const struct tenant_host *host, TenantError *error) {
        /*
         * try-restart: a dockerd that does not run reads them when it starts. Debian's unit allows three
         * starts a minute; one too many would leave dockerd down.
         */
        static char *const restart[] = {
                (char *) "sh", (char *) "-c",
                (char *) "systemctl reset-failed docker.service; exec systemctl try-restart docker.service",
                NULL
        };
        const RunRequest request = { .tenant = name, .argv = restart, .timeout_usec = RESTART_USEC };
        _cleanup_(run_result_done) RunResult result = { 0 };
        _cleanup_(push_done) Push push = { 0 };
        int r = push_read(name, &push, error);

        r = r < 0 ? r : push_files_inside(name, &push, host, error);
        r = r < 0 ? r : work_run(&request, host, &result, error);
        if (r < 0) {
                return r;
        }
        if (result.timed_out || result.status != 0) {
                return error_set(error, EIO, E_FAILED,
                                 "The certificates are in place, but dockerd of tenant '%s' did not restart "
                                 "(status %d%s); try: "
                                 "tenantctl run %s -- systemctl restart docker",
                                 name, result.status, result.timed_out ? ", timeout" : "", name);
        }
        return 0;
}

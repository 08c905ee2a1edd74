/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * none.c: the network backend "none": a tenant with a loopback interface and nothing else. Refuses to publish ports: there is
 * no way to the tenant. Leaves nothing on the host, so there is nothing to undo.
 */
#include "tenant-network.h"
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define _cleanup_close_ __attribute__((cleanup(fd_close_p)))

static void fd_close_p(int *fd) {
        if (*fd >= 0) {
                close(*fd);
        }
}

static int refuse_ports(size_t n_ports, struct tenant_error *error) {
        return n_ports == 0 ? 0
                            : tenant_error_set(error, -ENOTSUP, "NotSupported",
                                               "Ports cannot be published without a network: remove "
                                               "Publish= and, by Profile=plain or [Docker] Enabled=no, "
                                               "the Docker port, or set [Network] Backend=routed");
}

/* A socket stays in the namespace it was made in: it is all that is taken along when returning. */
static int socket_in(int netns_fd) {
        _cleanup_close_ int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        int fd, r;

        if (home < 0 || setns(netns_fd, CLONE_NEWNET) < 0) {
                return -errno;
        }
        fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        r = fd < 0 ? -errno : fd;
        if (setns(home, CLONE_NEWNET) < 0) {
                fd_close_p(&fd);
                return -ENOTRECOVERABLE;
        }
        return r;
}

static int attach(const struct tenant_context *context, int netns_fd, const struct tenant_port *ports,
                  size_t n_ports, struct tenant_error *error) {
        struct ifreq loopback = { .ifr_name = "lo" };
        _cleanup_close_ int fd = -1;
        int r = refuse_ports(n_ports, error);

        if (r < 0) {
                return r;
        }
        fd = socket_in(netns_fd);
        if (fd < 0) {
                return tenant_error_set(error, fd, "Failed", "Entering the network namespace of %s: %s",
                                        context->name, strerror(-fd));
        }
        if (ioctl(fd, SIOCGIFFLAGS, &loopback) == 0) {
                loopback.ifr_flags |= IFF_UP;
                if (ioctl(fd, SIOCSIFFLAGS, &loopback) == 0) {
                        return 0;
                }
        }
        return tenant_error_set(error, -errno, "Failed", "Bringing up the loopback interface of %s: %s",
                                context->name, strerror(errno));
}

static int publish(const struct tenant_context *context, const struct tenant_port *ports, size_t n_ports,
                   struct tenant_error *error) {
        return refuse_ports(n_ports, error);
}

static int fit(const struct tenant_context *context, const struct tenant_port *ports, size_t n_ports,
               struct tenant_error *error) {
        return refuse_ports(n_ports, error);
}

static const struct tenant_network_ops ops = {
        .struct_size = sizeof(ops),
        .attach = attach,
        .publish = publish,
        .fit = fit,
};

static const struct tenant_plugin plugin = {
        .struct_size = sizeof(plugin),
        .abi = TENANT_PLUGIN_ABI,
        .kind = TENANT_KIND_NETWORK,
        .priority = -1,
        .name = "none",
        .version = TENANTD_VERSION,
        .summary = "no network: a loopback interface inside and nothing else",
        .ops = &ops,
};

TENANT_PLUGIN_NOTE(TENANT_KIND_NETWORK)

TENANT_PLUGIN_EXPORT const struct tenant_plugin *tenant_plugin_get_v0(void) {
        return &plugin;
}

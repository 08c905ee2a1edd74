/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ports.c: see ports.h. Asks by binding, which costs four system calls and holds nothing; only when that is refused are the
 * kernel's tables read, to tell a service from a passing connection that was lent the same number. Refuses to guard the port
 * afterwards: a service of the host that starts later gets no packets. Owned by attach and publish.
 */
#include "ports.h"
#include <fcntl.h>
#include <sys/socket.h>

/* State column of /proc/net/{tcp,udp}: what waits for strangers. */
#define TCP_LISTENING 0x0a
#define UDP_UNCONNECTED 0x07

static bool can_bind(const struct tenant_port *port) {
        int type = port->protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
        _cleanup_close_ int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
        struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(port->host_port) };
        const int one = 1;

        /* For TCP, lest connections that are ending count; for UDP it would let two services share the port. */
        if (fd < 0 ||
            (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)) {
                return true;
        }
        return bind(fd, (const struct sockaddr *) &any, sizeof(any)) == 0 || errno != EADDRINUSE;
}

static void file_close_p(FILE **f) {
        if (*f) {
                fclose(*f);
        }
}

static bool is_listed(const char *path, uint16_t port, unsigned state) {
        _cleanup_(file_close_p) FILE *f = fopen(path, "re");
        char line[512];

        while (f && fgets(line, sizeof(line), f)) {
                unsigned local_port, found;

                if (sscanf(line, " %*d: %*[0-9A-F]:%4x %*[0-9A-F]:%*4x %2x", &local_port, &found) == 2 &&
                    local_port == port && found == state) {
                        return true;
                }
        }
        return false;
}

static bool is_served(const struct tenant_port *port) {
        return port->protocol == IPPROTO_UDP
                       ? is_listed("/proc/net/udp", port->host_port, UDP_UNCONNECTED) ||
                                 is_listed("/proc/net/udp6", port->host_port, UDP_UNCONNECTED)
                       : is_listed("/proc/net/tcp", port->host_port, TCP_LISTENING) ||
                                 is_listed("/proc/net/tcp6", port->host_port, TCP_LISTENING);
}

int ports_check_host(const struct tenant_port *ports, size_t n_ports, struct tenant_error *error) {
        for (size_t i = 0; i < n_ports; i++) {
                if (!can_bind(&ports[i]) && is_served(&ports[i])) {
                        return tenant_error_set(
                                error, -EADDRINUSE, "AddressInUse",
                                "Port %u/%s is served by a program of this host: publish another "
                                "host port, or stop that program (see `ss -lnp sport = %u`)",
                                ports[i].host_port, protocol_name(ports[i].protocol), ports[i].host_port);
                }
        }
        return 0;
}

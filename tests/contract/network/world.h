/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* world.h: a private host, an outside and tenants, as network namespaces, and sockets in any of them. */
#pragma once

#include "tenant-network.h"
#include <sys/types.h>

#define HOST_ADDRESS "192.0.2.1"
#define OUTSIDE_ADDRESS "192.0.2.2"
#define GATEWAY_ADDRESS "169.254.1.1"
#define METADATA_ADDRESS "169.254.169.254"
#define ALIBABA_METADATA_ADDRESS "100.100.100.200"
#define AZURE_WIRE_ADDRESS "168.63.129.16"
#define STATE "/run/tenantd/.network-routed/"
#define LIMIT_SETS                                                                                          \
        "for s in egress ingress egress_packets ingress_packets; do nft list set inet tenantd $s; done"
#define STOPPED_ADDRESS                                                                                     \
        "100.80.250.250" /* of the pool, and no running tenant's: the host has no route of its own to it */

struct tenant {
        struct tenant_context context;
        struct tenant_fact facts[1];
        char name[32];
        char address[16];
        pid_t pid; /* sleeps in the tenant's namespaces; 0: none */
        int netns_fd;
};

extern const struct tenant_plugin *plugin;
extern const struct tenant_network_ops *ops;
extern struct tenant_error error;
extern int outside_ns;
extern int host_ns;

/* Exits with 77 and a reason when this machine cannot do it. Moves the process into namespaces of its own. */
void world_make(const char *plugin_path, const char *nft_file);

/* A call of the backend's; cmocka.h is with who uses it. */
#define assert_ok(call)                                                                                     \
        do {                                                                                                \
                error = (struct tenant_error){};                                                            \
                int r_ = (call);                                                                            \
                if (r_ < 0) {                                                                               \
                        fail_msg("%s: %d %s: %s", #call, r_, error.name, error.message);                    \
                }                                                                                           \
        } while (0)

/* A process in a user and a network namespace of its own, and the context that a composer would give for it. */
void tenant_spawn(struct tenant *t, const char *name, uint32_t index);
void tenant_kill(struct tenant *t);

/* Waits for what a tenant's boot waits for without knowing: see link.c on the two ends. The host's end must not need it. */
void tenant_attach(struct tenant *t, const struct tenant_port *ports, size_t n);

/* Killed and released, if there is one. */
void tenant_end(struct tenant *t);

/* Settings as the host would pass them, by the keys of the plugin's own table; 0: not set. */
void tenant_set_rate(struct tenant *t, struct tenant_value values[static 16], const char *key,
                     uint64_t rate);
void tenant_forget_rates(struct tenant *t);

/* Sockets in a namespace (-1: the host). Addresses are dotted; ports in host byte order. */
int udp_socket(int ns, const char *address, uint16_t port);
int tcp_listener(int ns, const char *address, uint16_t port);
int raw_socket(int ns);
int connect_timeout(int ns, const char *address, uint16_t port,
                    int milliseconds); /* fd, or negative errno */

/* From the host, with that port of its own. */
int connect_from(uint16_t port, const char *address, uint16_t to_port);

void udp_send(int fd, const char *address, uint16_t port, const char *word);
/* A datagram with a forged source, from a raw socket. */
void udp_forge(int raw, const char *source, const char *address, uint16_t port, const char *word);
/* Waits up to 2 s for a datagram; true when it is this word. ret_from (16 bytes, may be NULL): its source. */
bool udp_expect(int fd, const char *word, char *ret_from);
/* Accepts within 2 s and says who came; false: nobody. */
bool accept_from(int listener, char *ret_from);

/* Output of a command contains the text. */
bool command_says(const char *command, const char *text);
void run(const char *command);

/*
 * Watch before, then wait until the kernel says that the interface of that name can send (5 s at most). The descriptor goes
 * with the wait.
 */
int link_watch(int ns);
bool link_watch_up(int fd, const char *name);

/* Waits for the link's end, 5 s at most, by the kernel's notices. */
bool link_gone(const char *name);

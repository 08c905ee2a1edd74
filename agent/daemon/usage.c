/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usage.c: see usage.h. The one place where the agent itself calls operations of a tenant's backends: `usage` must not block by
 * their contract. A backend that fails leaves its numbers out and a line in the log. Owned by the agent.
 */
#include "usage.h"
#include "backends.h"
#include "log.h"
#include "paths.h"
#include "running.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

static int append(sd_bus_message *reply, const char *key, uint64_t value) {
        return value == UINT64_MAX ? 0 : sd_bus_message_append(reply, "{sv}", key, "t", value);
}

typedef struct Number {
        const char *key;
        uint64_t value;
} Number;

static int append_all(sd_bus_message *reply, const Number *numbers, size_t n) {
        int r = 0;

        for (size_t i = 0; i < n && r >= 0; i++) {
                r = append(reply, numbers[i].key, numbers[i].value);
        }
        return r;
}

static void cannot(const Tenant *t, const char *what, const TenantError *error) {
        log_debug("No %s counters of tenant '%s': %s", what, t->name, error->message);
}

static int append_cgroup(Tenant *t, const Backend *b, sd_bus_message *reply) {
        struct tenant_cgroup_usage u;
        _cleanup_close_ int payload_fd = -1;
        TenantError error = { 0 };

        memset(&u, 0xff, sizeof(u)); /* UINT64_MAX: not known */
        u.struct_size = sizeof(u);
        if (!b->plugin || !b->plugin->ops.cgroup.usage) {
                return 0;
        }
        payload_fd = tenant_payload_open(t->name, &error);
        if (payload_fd < 0 || b->plugin->ops.cgroup.usage(&b->context, payload_fd, &u, &error) < 0) {
                cannot(t, "cgroup", &error);
                return 0;
        }
        return append_all(reply,
                          (const Number[]){ { "MemoryBytes", u.memory_bytes },
                                            { "MemoryLimitBytes", u.memory_limit_bytes },
                                            { "MemoryPeakBytes", u.memory_peak_bytes },
                                            { "SwapBytes", u.swap_bytes },
                                            { "CPUUSec", u.cpu_usec },
                                            { "Pids", u.pids },
                                            { "PidsLimit", u.pids_limit },
                                            { "IOReadBytes", u.io_read_bytes },
                                            { "IOWriteBytes", u.io_write_bytes },
                                            { "OOMKills", u.oom_kills } },
                          10);
}

static int append_storage(Tenant *t, const Backend *b, sd_bus_message *reply) {
        struct tenant_storage_usage u;
        _cleanup_close_ int store_fd = -1;
        TenantError error = { 0 };

        memset(&u, 0xff, sizeof(u)); /* UINT64_MAX: not known */
        u.struct_size = sizeof(u);
        if (!b->plugin || !b->plugin->ops.storage.usage) {
                return 0;
        }
        store_fd = open(path_get(PATH_STORAGE), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (store_fd < 0 || b->plugin->ops.storage.usage(&b->context, store_fd, &u, &error) < 0) {
                cannot(t, "storage", &error);
                return 0;
        }
        return append_all(reply,
                          (const Number[]){ { "StorageBytes", u.bytes },
                                            { "StorageLimitBytes", u.bytes_limit },
                                            { "StorageInodes", u.inodes },
                                            { "StorageInodesLimit", u.inodes_limit } },
                          4);
}

static int append_network(Tenant *t, const Backend *b, sd_bus_message *reply) {
        struct tenant_network_usage u;
        TenantError error = { 0 };

        memset(&u, 0xff, sizeof(u)); /* UINT64_MAX: not known */
        u.struct_size = sizeof(u);
        if (!b->plugin || !b->plugin->ops.network.usage) {
                return 0;
        }
        if (b->plugin->ops.network.usage(&b->context, &u, &error) < 0) {
                cannot(t, "network", &error);
                return 0;
        }
        return append_all(reply,
                          (const Number[]){ { "NetworkReceivedBytes", u.received_bytes },
                                            { "NetworkSentBytes", u.sent_bytes } },
                          2);
}

int usage_append(Tenant *t, sd_bus_message *reply, TenantError *error) {
        _cleanup_(backends_free_p) Backends *backends = NULL;
        bool running = tenant_is_locked(t->name);
        int r = tenant_load(t, error);

        if (r >= 0) {
                r = backends_load(
                        t->definition, t->allocation, &host_default,
                        KIND_BIT(TENANT_KIND_STORAGE) |
                                (running ? KIND_BIT(TENANT_KIND_CGROUP) | KIND_BIT(TENANT_KIND_NETWORK) : 0),
                        &backends, error);
        }
        if (r < 0) {
                return r;
        }
        r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0 && running) {
                r = append_cgroup(t, &backends->kind[TENANT_KIND_CGROUP], reply);
        }
        if (r >= 0) {
                r = append_storage(t, &backends->kind[TENANT_KIND_STORAGE], reply);
        }
        if (r >= 0 && running) {
                r = append_network(t, &backends->kind[TENANT_KIND_NETWORK], reply);
        }
        if (r >= 0) {
                r = sd_bus_message_close_container(reply);
        }
        return r < 0 ? message_error(r, error) : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* network.c: network-null, a test double: gives out addresses and connects nothing. Never shipped. Owned by
 * the tests. */
#include "null.h"
#include "tenant-network.h"
#include <arpa/inet.h>

#define POOL 0xC6120000u /* 198.18.0.0/15, for tests of network devices (RFC 2544) */

static int network_validate(const struct tenant_context *context, struct tenant_error *error) {
        static const char *const operations[] = { "validate", "allocate", "address", "attach",
                                                  "publish",  "usage",    "release", "fit" };

        return null_validate(context, operations, sizeof(operations) / sizeof(operations[0]), error);
}

static int network_allocate(const struct tenant_context *context, const struct tenant_fact *used,
                            size_t n_used, struct tenant_error *error) {
        struct in_addr address = { .s_addr = htonl(POOL + 1 + context->index) };
        char text[INET_ADDRSTRLEN];
        int r = null_operation(context, "allocate", false, error);

        if (r < 0) {
                return r;
        }
        inet_ntop(AF_INET, &address, text, sizeof(text));
        for (size_t i = 0; i < n_used; i++) {
                if (strcmp(used[i].key, "Address") == 0 && strcmp(used[i].value, text) == 0) {
                        return tenant_error_set(error, -EADDRINUSE, "AddressInUse",
                                                "%s belongs to another tenant", text);
                }
        }
        return context->host->remember(context->host->userdata, "Address", text);
}

static int network_address(const struct tenant_context *context, struct in_addr *ret_address,
                           struct tenant_error *error) {
        const char *text = tenant_context_fact(context, "Address");
        int r = null_operation(context, "address", false, error);

        if (r < 0) {
                return r;
        }
        if (!text || inet_pton(AF_INET, text, ret_address) != 1) {
                return tenant_error_set(error, -ENODATA, "Failed", "the tenant has no address");
        }
        return 0;
}

static int network_attach(const struct tenant_context *context, int netns_fd,
                          const struct tenant_port *ports, size_t n_ports, struct tenant_error *error) {
        return null_operation(context, "attach", true, error);
}

static int network_publish(const struct tenant_context *context, const struct tenant_port *ports,
                           size_t n_ports, struct tenant_error *error) {
        return null_operation(context, "publish", false, error);
}

static int network_usage(const struct tenant_context *context, struct tenant_network_usage *ret_usage,
                         struct tenant_error *error) {
        uint32_t size = ret_usage->struct_size;

        memset(ret_usage, 0xff, size); /* UINT64_MAX: not known */
        ret_usage->struct_size = size;
        return null_operation(context, "usage", false, error);
}

static int network_release(const struct tenant_context *context, struct tenant_error *error) {
        return null_operation(context, "release", false, error);
}

static int network_fit(const struct tenant_context *context, const struct tenant_port *ports, size_t n_ports,
                       struct tenant_error *error) {
        return null_operation(context, "fit", false, error);
}

static const struct tenant_setting settings[] = {
        NULL_FAIL_SETTING,
        { .key = "Publish",
          .type = TENANT_TYPE_LIST,
          .flags = TENANT_SETTING_LIVE,
          .unit = "",
          .help = "taken and ignored" },
        { .key = "DNS", .type = TENANT_TYPE_LIST, .unit = "", .help = "taken and ignored" },
};

static const struct tenant_network_ops ops = {
        .struct_size = sizeof(ops),
        .allocate = network_allocate,
        .address = network_address,
        .attach = network_attach,
        .publish = network_publish,
        .usage = network_usage,
        .release = network_release,
        .fit = network_fit,
};

static const struct tenant_plugin plugin = {
        .struct_size = sizeof(plugin),
        .abi = TENANT_PLUGIN_ABI,
        .kind = TENANT_KIND_NETWORK,
        .priority = -1,
        .name = "null",
        .version = "0",
        .summary = "test double of a network backend",
        .settings = settings,
        .n_settings = sizeof(settings) / sizeof(settings[0]),
        .validate = network_validate,
        .ops = &ops,
};

TENANT_PLUGIN_NOTE(TENANT_KIND_NETWORK)

const struct tenant_plugin *tenant_plugin_get_v0(void) {
        return &plugin;
}

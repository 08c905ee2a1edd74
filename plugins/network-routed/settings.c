/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* settings.c: see settings.h. Refuses names where addresses are asked: nothing is resolved here. */
#include "settings.h"
#include "address.h"
#include <inttypes.h>

#define RATE_MIN UINT64_C(100000)
#define RATE_MAX UINT64_C(100000000000) /* the kernel counts nanoseconds times bytes in 64 bits */
#define PACKETS_MIN UINT64_C(100)
#define PACKETS_MAX UINT64_C(10000000) /* counted by whole nanoseconds */
/* A tenth of what a processor can forward; a long packet of a stream (64 KiB) is one. */
#define PACKETS_DEFAULT "100000"

const struct tenant_setting routed_settings[SETTING_COUNT] = {
        [SETTING_ADDRESS] = { .key = "Address",
                              .type = TENANT_TYPE_IPV4,
                              .unit = "",
                              .help = "IPv4 address of the tenant for its life; auto: from 100.80.0.0/16. "
                                      "One outside that "
                                      "pool is not hidden behind the host and must be routed to it" },
        [SETTING_PUBLISH] = { .key = "Publish",
                              .type = TENANT_TYPE_LIST,
                              .flags = TENANT_SETTING_LIVE,
                              .unit = "",
                              .help = "Ports of the host that lead to the tenant: "
                                      "[tcp:|udp:]HOSTPORT:TENANTPORT …" },
        [SETTING_DNS] = { .key = "DNS",
                          .type = TENANT_TYPE_LIST,
                          .unit = "",
                          .help = "IPv4 addresses of the name servers that the tenant uses" },
        [SETTING_EGRESS] = { .key = "Egress",
                             .type = TENANT_TYPE_RATE,
                             .flags = TENANT_SETTING_LIVE,
                             .minimum = RATE_MIN,
                             .maximum = RATE_MAX,
                             .unit = "bits per second",
                             .help = "what the tenant may send, such as 100M" },
        [SETTING_INGRESS] = { .key = "Ingress",
                              .type = TENANT_TYPE_RATE,
                              .flags = TENANT_SETTING_LIVE,
                              .minimum = RATE_MIN,
                              .maximum = RATE_MAX,
                              .unit = "bits per second",
                              .help = "what the tenant may be sent from outside, such as 100M" },
        [SETTING_EGRESS_PACKETS] = { .key = "EgressPackets",
                                     .type = TENANT_TYPE_COUNT,
                                     .flags = TENANT_SETTING_LIVE,
                                     .minimum = PACKETS_MIN,
                                     .maximum = UINT64_MAX,
                                     .unit = "packets per second",
                                     .default_value = PACKETS_DEFAULT,
                                     .help = "packets that the tenant may send, or infinity" },
        [SETTING_INGRESS_PACKETS] = { .key = "IngressPackets",
                                      .type = TENANT_TYPE_COUNT,
                                      .flags = TENANT_SETTING_LIVE,
                                      .minimum = PACKETS_MIN,
                                      .maximum = UINT64_MAX,
                                      .unit = "packets per second",
                                      .default_value = PACKETS_DEFAULT,
                                      .help = "packets that the tenant may be sent from outside, or "
                                              "infinity" },
};

const struct tenant_value *setting_value(const struct tenant_context *context, enum setting s) {
        return s < context->n_values && context->values[s].is_set ? &context->values[s] : NULL;
}

static bool is_usable(uint32_t a) {
        return (a >> 24) != 0 && (a >> 24) != 127 && (a >> 16) != 0xa9fe && a < UINT32_C(0xe0000000);
}

static int validate_dns(const char *list, struct tenant_error *error) {
        char word[ADDRESS_TEXT + 1];
        int length;

        for (; sscanf(list, " %16s%n", word, &length) == 1; list += length) {
                uint32_t address;

                if (!address_parse(word, &address)) {
                        return tenant_error_set(
                                error, -EINVAL, "InvalidSetting",
                                "DNS=%s: “%s” is not an IPv4 address; write addresses such as 9.9.9.9, "
                                "separated by blanks",
                                list, word);
                }
        }
        return 0;
}

static int validate_address(const struct tenant_context *context, uint32_t wanted,
                            struct tenant_error *error) {
        char old_text[ADDRESS_TEXT], new_text[ADDRESS_TEXT];
        uint32_t old;

        address_text(wanted, new_text);
        if (!is_usable(wanted)) {
                return tenant_error_set(
                        error, -EINVAL, "InvalidSetting",
                        "Address=%s cannot be a tenant's: loopback, link-local (169.254.0.0/16), multicast "
                        "and reserved addresses are not allowed",
                        new_text);
        }
        if (address_remembered(context, &old) && old != wanted) {
                address_text(old, old_text);
                return tenant_error_set(
                        error, -EINVAL, "InvalidSetting",
                        "Address=%s: the tenant was created with %s and keeps it; write that, or “auto”, or "
                        "create the tenant again",
                        new_text, old_text);
        }
        return 0;
}

static int validate_packets(const struct tenant_context *context, enum setting s,
                            struct tenant_error *error) {
        const struct tenant_value *v = setting_value(context, s);

        return v && v->u64 > PACKETS_MAX && v->u64 != UINT64_MAX
                       ? tenant_error_set(error, -EINVAL, "InvalidSetting",
                                          "%s=%s: at most %" PRIu64 " packets per second, or infinity",
                                          routed_settings[s].key, v->text, PACKETS_MAX)
                       : 0;
}

int settings_validate(const struct tenant_context *context, struct tenant_error *error) {
        const struct tenant_value *address = setting_value(context, SETTING_ADDRESS),
                                  *dns = setting_value(context, SETTING_DNS);
        int r = address ? validate_address(context, (uint32_t) address->u64, error) : 0;

        r = r == 0 && dns ? validate_dns(dns->text, error) : r;
        r = r < 0 ? r : validate_packets(context, SETTING_EGRESS_PACKETS, error);
        return r < 0 ? r : validate_packets(context, SETTING_INGRESS_PACKETS, error);
}

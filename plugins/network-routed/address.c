/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* address.c: see address.h. Refuses addresses that two tenants would share. */
#include "address.h"
#include "settings.h"
#include <arpa/inet.h>

bool address_parse(const char *text, uint32_t *ret) {
        struct in_addr a;

        if (inet_pton(AF_INET, text, &a) != 1) {
                return false;
        }
        *ret = ntohl(a.s_addr);
        return true;
}

bool address_remembered(const struct tenant_context *context, uint32_t *ret) {
        const char *text = tenant_context_fact(context, "Address");

        return text && address_parse(text, ret);
}

int address_need(const struct tenant_context *context, uint32_t *ret, struct tenant_error *error) {
        if (address_remembered(context, ret)) {
                return 0;
        }
        return tenant_error_set(error, -ENODATA, "Failed",
                                "Tenant %s has no network address: its allocation is incomplete; remove it "
                                "and create it again",
                                context->name);
}

static bool is_used(uint32_t address, const struct tenant_fact *used, size_t n_used) {
        for (size_t i = 0; i < n_used; i++) {
                uint32_t other;

                if (strcmp(used[i].key, "Address") == 0 && address_parse(used[i].value, &other) &&
                    other == address) {
                        return true;
                }
        }
        return false;
}

/* The index decides; only an Address= of another tenant's inside the pool makes it go on to the next. */
static int pool_address(uint32_t index, const struct tenant_fact *used, size_t n_used, uint32_t *ret) {
        const uint32_t n = POOL_END - POOL_FIRST;

        for (uint32_t i = 0; i < n; i++) {
                uint32_t address = POOL_BASE + POOL_FIRST + (uint32_t) (((uint64_t) index + i) % n);

                if (!is_used(address, used, n_used)) {
                        *ret = address;
                        return 0;
                }
        }
        return -EADDRNOTAVAIL;
}

int address_allocate(const struct tenant_context *context, const struct tenant_fact *used, size_t n_used,
                     struct tenant_error *error) {
        const struct tenant_value *wanted = setting_value(context, SETTING_ADDRESS);
        char text[ADDRESS_TEXT];
        uint32_t address;
        int r;

        if (context->index > INDEX_MAX ||
            (!wanted && pool_address(context->index, used, n_used, &address) < 0)) {
                return tenant_error_set(
                        error, -EADDRNOTAVAIL, "NoSpace",
                        "No address is left in 100.80.0.0/16: remove a tenant, or write Address=");
        }
        if (wanted) {
                address = (uint32_t) wanted->u64;
        }
        address_text(address, text);
        if (wanted && is_used(address, used, n_used)) {
                return tenant_error_set(error, -EADDRINUSE, "AddressInUse",
                                        "Address=%s belongs to another tenant: write another one, or “auto”",
                                        text);
        }
        r = context->host->remember(context->host->userdata, "Address", text);
        return r < 0 ? tenant_error_set(error, r, "Failed", "Remembering the address: %s", strerror(-r)) : 0;
}

int address_of(const struct tenant_context *context, struct in_addr *ret_address,
               struct tenant_error *error) {
        uint32_t a = 0;
        int r = address_need(context, &a, error);

        if (r == 0) {
                ret_address->s_addr = htonl(a);
        }
        return r;
}

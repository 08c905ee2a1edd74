/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-setting.c: values of settings as a caller of the bus gives them; the first byte of the input says of which type. What is taken
 * is within its bounds, is normal (taken again it is the same), and is a text that may be shown. Owned by tests/fuzz.
 */
#include "fuzz.h"
#include "parse.h"
#include "setting.h"

#define TYPES (TENANT_TYPE_CPUSET + 1)
#define MINIMUM 2u
#define MAXIMUM (UINT64_C(1) << 40)

static void check_value(const struct tenant_setting *s, const struct tenant_value *v) {
        struct tenant_value again = { 0 };
        char why[SETTING_WHY_SIZE] = "";

        property(v->text && text_is_safe(v->text, 4096) && strlen(v->text) <= 4096);
        if (s->maximum && s->type != TENANT_TYPE_STRING && s->type != TENANT_TYPE_LIST &&
            s->type != TENANT_TYPE_CPUSET) {
                property(v->u64 >= MINIMUM && v->u64 <= MAXIMUM);
        }
        property(s->type != TENANT_TYPE_BOOLEAN || v->u64 <= 1);
        property(s->type != TENANT_TYPE_IPV4 || v->u64 <= UINT32_MAX);
        property(s->type != TENANT_TYPE_LIST || (!strstr(v->text, "  ") && !strchr(v->text, ',')));
        property(setting_parse(s, v->text, &again, why) == 0);
        property(again.is_set == (v->text[0] != '\0'));
        property(!again.is_set || (again.u64 == v->u64 && strcmp(again.text, v->text) == 0));
        setting_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const struct tenant_setting setting = {
                .key = "Key",
                .type = size ? data[0] % TYPES : 0,
                .minimum = size && data[0] >= 0x80 ? MINIMUM : 0,
                .maximum = size && data[0] >= 0x80 ? MAXIMUM : 0,
                .unit = "units",
        };
        _cleanup_free_ char *text = size ? strndup((const char *) data + 1, size - 1) : NULL;
        char why[SETTING_WHY_SIZE] = "";
        struct tenant_value value = { 0 };

        if (!text) {
                return 0;
        }
        if (setting_parse(&setting, text, &value, why) < 0) {
                property(why[0] && text_is_safe(why, sizeof(why)) && !value.is_set && !value.text);
        } else if (value.is_set) {
                check_value(&setting, &value);
        } else {
                property(!text[0] || strcmp(text, "auto") == 0);
        }
        setting_clear(&value);
        return 0;
}

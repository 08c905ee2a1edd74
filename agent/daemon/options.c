/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options.c: see options.h. Refuses what it does not know, so that a misspelt option is never silently nothing. Owned by the
 * agent.
 */
#include "options.h"
#include "backends.h"
#include "strv.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define SETTINGS_MAX 512u
#define WORDS_MAX 256u

static const char *const type_signature[] = {
        [OPTION_BOOLEAN] = "b", [OPTION_STRING] = "s", [OPTION_STRINGS] = "as",
        [OPTION_U32] = "u",     [OPTION_U64] = "t",    [OPTION_BYTES] = "ay",
};

static int read_strings(sd_bus_message *m, char ***ret) {
        size_t n = 0;
        const char *s;
        int r = sd_bus_message_enter_container(m, 'a', "s");

        while (r >= 0 && (r = sd_bus_message_read(m, "s", &s)) > 0) {
                r = ++n > WORDS_MAX ? -E2BIG : strv_push(ret, s);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_bytes(sd_bus_message *m, GBytes **ret) {
        const void *data;
        size_t size;
        int r = sd_bus_message_read_array(m, 'y', &data, &size);

        if (r >= 0) {
                *ret = g_bytes_new(data, size);
        }
        return r;
}

static int read_value(sd_bus_message *m, const Option *o) {
        int truth, r;

        switch (o->type) {
        case OPTION_BOOLEAN:
                r = sd_bus_message_read(m, "b", &truth);
                if (r >= 0) {
                        *(bool *) o->ret = truth;
                }
                return r;
        case OPTION_STRINGS:
                return read_strings(m, o->ret);
        case OPTION_BYTES:
                return read_bytes(m, o->ret);
        default:
                return sd_bus_message_read_basic(m, type_signature[o->type][0], o->ret);
        }
}

static int unknown_option(const char *key, const Option *options, size_t n, TenantError *error) {
        g_autoptr(GString) allowed = g_string_new(NULL);

        for (size_t i = 0; i < n; i++) {
                g_string_append_printf(allowed, "%s%s (%s)", i ? ", " : "", options[i].key,
                                       type_signature[options[i].type]);
        }
        return error_set(error, EINVAL, E_INVALID_SETTING, "Unknown option '%.64s'; allowed: %s", key,
                         n ? allowed->str : "none");
}

static int read_option(sd_bus_message *m, const char *key, const Option *options, size_t n, uint32_t *seen,
                       TenantError *error) {
        for (size_t i = 0; i < n; i++) {
                const char *type = type_signature[options[i].type];
                int r;

                if (strcmp(options[i].key, key) != 0) {
                        continue;
                }
                if (*seen & (1u << i)) {
                        return error_set(error, EINVAL, E_INVALID_SETTING, "Option '%s' is given twice",
                                         key);
                }
                *seen |= 1u << i;
                r = sd_bus_message_enter_container(m, 'v', type);
                if (r < 0) {
                        return error_set(error, EINVAL, E_INVALID_SETTING, "Option '%s' must be of type %s",
                                         key, type);
                }
                r = read_value(m, &options[i]);
                if (r >= 0) {
                        r = sd_bus_message_exit_container(m);
                }
                return r < 0 ? message_error(r, error) : 0;
        }
        return unknown_option(key, options, n, error);
}

int options_read(sd_bus_message *m, const Option *options, size_t n_options, TenantError *error) {
        uint32_t seen = 0;
        const char *key;
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &key);
                if (r >= 0 && g_str_has_prefix(key, "x-")) {
                        r = sd_bus_message_skip(m, "v");
                } else if (r >= 0) {
                        int s = read_option(m, key, options, n_options, &seen, error);

                        if (s < 0) {
                                return s;
                        }
                }
                if (r >= 0) {
                        r = sd_bus_message_exit_container(m);
                }
        }
        if (r >= 0) {
                r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? message_error(r, error) : 0;
}

int options_read_none(sd_bus_message *m, TenantError *error) {
        return options_read(m, NULL, 0, error);
}

typedef union BasicValue {
        uint8_t y;
        int b;
        int16_t n;
        uint16_t q;
        int32_t i;
        uint32_t u;
        int64_t x;
        uint64_t t;
        const char *s;
} BasicValue;

static char *basic_to_text(char type, const BasicValue *v) {
        switch (type) {
        case 's':
                return g_strdup(v->s);
        case 'b':
                return g_strdup(v->b ? "yes" : "no");
        case 'y':
                return g_strdup_printf("%u", v->y);
        case 'n':
                return g_strdup_printf("%d", v->n);
        case 'q':
                return g_strdup_printf("%u", v->q);
        case 'i':
                return g_strdup_printf("%" PRId32, v->i);
        case 'u':
                return g_strdup_printf("%" PRIu32, v->u);
        case 'x':
                return g_strdup_printf("%" PRId64, v->x);
        default:
                return g_strdup_printf("%" PRIu64, v->t);
        }
}

static int words_to_text(sd_bus_message *m, char **ret) {
        _cleanup_(strv_free_p) char **words = NULL;
        _cleanup_free_ char *text = NULL;
        int r = read_strings(m, &words);

        if (r < 0) {
                return r;
        }
        text = strv_join(words, " ");
        *ret = g_strdup(text);
        return *ret ? 0 : -ENOMEM;
}

/* -EINVAL: not a type that can be a setting. */
static int value_to_text(sd_bus_message *m, char **ret) {
        const char *type;
        BasicValue v;
        int r = sd_bus_message_peek_type(m, NULL, &type);

        if (r < 0) {
                return r;
        }
        if (strcmp(type, "as") != 0 && (strlen(type) != 1 || !strchr("sbynqiuxt", type[0]))) {
                return -EINVAL;
        }
        r = sd_bus_message_enter_container(m, 'v', type);
        if (r >= 0 && type[0] == 'a') {
                r = words_to_text(m, ret);
        } else if (r >= 0) {
                r = sd_bus_message_read_basic(m, type[0], &v);
                *ret = r >= 0 ? basic_to_text(type[0], &v) : NULL;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_setting(sd_bus_message *m, GArray *settings, GPtrArray *texts, TenantError *error) {
        DefinitionSetting setting = { 0 };
        char *text = NULL;
        int r = sd_bus_message_read(m, "s", &setting.key);

        if (r < 0) {
                return message_error(r, error);
        }
        if (g_str_has_prefix(setting.key, "x-")) {
                r = sd_bus_message_skip(m, "v");
                return r < 0 ? message_error(r, error) : 0;
        }
        r = value_to_text(m, &text);
        if (text) {
                g_ptr_array_add(texts, text);
        }
        if (r < 0) {
                return error_set(error, EINVAL, E_INVALID_SETTING,
                                 "Setting '%.64s' must be a text (s), words (as), a number or a boolean",
                                 setting.key);
        }
        if (settings->len >= SETTINGS_MAX) {
                return error_set(error, EINVAL, E_INVALID_SETTING, "More than %u settings", SETTINGS_MAX);
        }
        setting.value = text;
        g_array_append_val(settings, setting);
        return 0;
}

int settings_read(sd_bus_message *m, Keyfile **ret, TenantError *error) {
        g_autoptr(GArray) settings = g_array_new(FALSE, FALSE, sizeof(DefinitionSetting));
        g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                int s = read_setting(m, settings, texts, error);

                if (s < 0) {
                        return s;
                }
                r = sd_bus_message_exit_container(m);
        }
        if (r >= 0) {
                r = sd_bus_message_exit_container(m);
        }
        if (r < 0) {
                return message_error(r, error);
        }
        return definition_keyfile_from_settings((const DefinitionSetting *) (void *) settings->data,
                                                settings->len, backends_section_of_key, NULL, ret, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* options.h: dictionaries of arguments. */
#pragma once

#include "bus.h"
#include "keyfile.h"

typedef enum OptionType {
        OPTION_BOOLEAN, /* bool */
        OPTION_STRING, /* const char *, of the message */
        OPTION_STRINGS, /* char **, strv_free */
        OPTION_U32, /* uint32_t */
        OPTION_U64, /* uint64_t */
        OPTION_BYTES, /* GBytes *, g_bytes_unref */
} OptionType;

typedef struct Option {
        const char *key;
        OptionType type;
        void *ret;
} Option;

/*
 * Reads an a{sv}. Keys that are not among the options: InvalidSetting naming those that are; "x-…": ignored. A key twice and a
 * value of another type: InvalidSetting. What was read before an error stays in *ret for the caller to free.
 */
int options_read(sd_bus_message *m, const Option *options, size_t n_options, TenantError *error)
        _must_check_;

/* An a{sv} that allows nothing. */
int options_read_none(sd_bus_message *m, TenantError *error) _must_check_;

/*
 * Reads an a{sv} of settings, "Section.Key" or "Key", into a keyfile; keyfile_free. Values s, as and numbers become text.
 * -EINVAL InvalidSetting.
 */
int settings_read(sd_bus_message *m, Keyfile **ret, TenantError *error) _must_check_;

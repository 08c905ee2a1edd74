/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* parse.c: see parse.h. Refuses everything that is not exactly of the documented shape. */
#include "parse.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

/* Reads digits; *ret_end is the first character after them. */
static int scan_u64(const char *text, uint64_t *ret, const char **ret_end) {
        uint64_t value = 0;
        const char *p = text;

        if (!isdigit((unsigned char) *p)) {
                return -EINVAL;
        }
        for (; isdigit((unsigned char) *p); p++) {
                if (__builtin_mul_overflow(value, 10u, &value) ||
                    __builtin_add_overflow(value, (uint64_t) (*p - '0'), &value)) {
                        return -ERANGE;
                }
        }
        *ret = value;
        *ret_end = p;
        return 0;
}

int parse_u64(const char *text, uint64_t *ret) {
        const char *end;
        uint64_t value;
        int r = scan_u64(text, &value, &end);

        if (r < 0) {
                return r;
        }
        if (*end) {
                return -EINVAL;
        }
        *ret = value;
        return 0;
}

int parse_u32(const char *text, uint32_t *ret) {
        uint64_t value;
        int r = parse_u64(text, &value);

        if (r < 0) {
                return r;
        }
        if (value > UINT32_MAX) {
                return -ERANGE;
        }
        *ret = (uint32_t) value;
        return 0;
}

int parse_port(const char *text, uint16_t *ret) {
        uint64_t value;
        int r = parse_u64(text, &value);

        if (r < 0) {
                return r;
        }
        if (value < 1 || value > UINT16_MAX) {
                return -ERANGE;
        }
        *ret = (uint16_t) value;
        return 0;
}

static int parse_scaled(const char *text, uint64_t step, const char *suffixes, uint64_t *ret) {
        const char *end, *suffix;
        uint64_t value;
        int r = scan_u64(text, &value, &end);

        if (r < 0) {
                return r;
        }
        if (*end) {
                suffix = strchr(suffixes, *end);
                if (!suffix || end[1]) {
                        return -EINVAL;
                }
                for (const char *p = suffixes; p <= suffix; p++) {
                        if (__builtin_mul_overflow(value, step, &value)) {
                                return -ERANGE;
                        }
                }
        }
        *ret = value;
        return 0;
}

int parse_size(const char *text, uint64_t *ret) {
        if (strcmp(text, "infinity") == 0) {
                *ret = UINT64_MAX;
                return 0;
        }
        return parse_scaled(text, 1024, "KMGT", ret);
}

int parse_rate(const char *text, uint64_t *ret) {
        return parse_scaled(text, 1000, "KMG", ret);
}

int parse_percent(const char *text, uint64_t *ret) {
        const char *end;
        uint64_t value;
        int r = scan_u64(text, &value, &end);

        if (r < 0) {
                return r;
        }
        if (strcmp(end, "%") != 0) {
                return -EINVAL;
        }
        *ret = value;
        return 0;
}

int parse_boolean(const char *text, bool *ret) {
        static const char *const yes[] = { "yes", "true", "on", "1" }, *const no[] = { "no", "false", "off",
                                                                                       "0" };

        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                if (strcmp(text, yes[i]) == 0) {
                        *ret = true;
                        return 0;
                }
                if (strcmp(text, no[i]) == 0) {
                        *ret = false;
                        return 0;
                }
        }
        return -EINVAL;
}

int parse_ipv4(const char *text, struct in_addr *ret) {
        char canonical[INET_ADDRSTRLEN];
        struct in_addr address;

        if (inet_pton(AF_INET, text, &address) != 1 ||
            !inet_ntop(AF_INET, &address, canonical, sizeof(canonical)) || strcmp(text, canonical) != 0) {
                return -EINVAL;
        }
        *ret = address;
        return 0;
}

/* Length of the UTF-8 sequence at p, or 0 when it is not well-formed (RFC 3629). */
static size_t utf8_length(const unsigned char *p) {
        size_t n = *p < 0x80                 ? 1
                   : *p >= 0xC2 && *p < 0xE0 ? 2
                   : (*p & 0xF0) == 0xE0     ? 3
                   : *p >= 0xF0 && *p < 0xF5 ? 4
                                             : 0;

        for (size_t i = 1; i < n; i++) {
                if ((p[i] & 0xC0) != 0x80) {
                        return 0;
                }
        }
        if ((*p == 0xE0 && p[1] < 0xA0) || (*p == 0xED && p[1] >= 0xA0) || (*p == 0xF0 && p[1] < 0x90) ||
            (*p == 0xF4 && p[1] >= 0x90)) {
                return 0;
        }
        return n;
}

bool text_is_safe(const char *text, size_t limit) {
        const unsigned char *p = (const unsigned char *) text;

        if (strnlen(text, limit + 1) > limit) {
                return false;
        }
        while (*p) {
                size_t n = utf8_length(p);

                if (n == 0 || *p < 0x20 || *p == 0x7F || (*p == 0xC2 && p[1] < 0xA0)) {
                        return false;
                }
                p += n;
        }
        return true;
}

const char *format_size(uint64_t bytes, char buf[static 32]) {
        static const char units[] = "BKMGTPE";
        double value = (double) bytes;
        size_t unit = 0;

        if (bytes == UINT64_MAX) {
                snprintf(buf, 32, "-");
                return buf;
        }
        while (value >= 1024 && units[unit + 1]) {
                value /= 1024;
                unit++;
        }
        snprintf(buf, 32, value < 10 && unit > 0 ? "%.1f%c" : "%.0f%c", value, units[unit]);
        return buf;
}

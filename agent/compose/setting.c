/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* setting.c: see setting.h. Refuses what is not exactly of the type: a plugin never sees a text that nobody
 * looked at. */
#include "setting.h"
#include "parse.h"
#include <arpa/inet.h>
#include <inttypes.h>

#define TEXT_MAX 4096u
#define CPU_MAX 8191u

static const char *const expected[] = {
        [TENANT_TYPE_STRING] = "a text",
        [TENANT_TYPE_BOOLEAN] = "yes or no",
        [TENANT_TYPE_SIZE] = "bytes such as 512M or 2G, or infinity",
        [TENANT_TYPE_COUNT] = "a number, or infinity",
        [TENANT_TYPE_PERCENT] = "a percentage such as 150%",
        [TENANT_TYPE_RATE] = "bits per second such as 100M",
        [TENANT_TYPE_LIST] = "words separated by blanks",
        [TENANT_TYPE_IPV4] = "an address such as 192.0.2.7, or auto",
        [TENANT_TYPE_CPUSET] = "processors such as 0-3,5",
};

void setting_clear(struct tenant_value *value) {
        free((char *) value->text);
        memset(value, 0, sizeof(*value));
}

static int parse_count(const char *text, uint64_t *ret) {
        if (strcmp(text, "infinity") == 0) {
                *ret = UINT64_MAX;
                return 0;
        }
        return parse_u64(text, ret);
}

/* Reads a processor number at *p and moves on. */
static bool scan_cpu(const char **p, unsigned *ret) {
        unsigned value = 0;

        if (**p < '0' || **p > '9') {
                return false;
        }
        for (; **p >= '0' && **p <= '9'; (*p)++) {
                value = value * 10 + (unsigned) (**p - '0');
                if (value > CPU_MAX) {
                        return false;
                }
        }
        *ret = value;
        return true;
}

static int check_cpuset(const char *text) {
        const char *p = text;

        for (;;) {
                unsigned first, last;

                if (!scan_cpu(&p, &first)) {
                        return -EINVAL;
                }
                if (*p == '-') {
                        p++;
                        if (!scan_cpu(&p, &last) || last < first) {
                                return -EINVAL;
                        }
                }
                if (*p == '\0') {
                        return 0;
                }
                if (*p++ != ',') {
                        return -EINVAL;
                }
        }
}

static int parse_number(enum tenant_setting_type type, const char *text, uint64_t *ret) {
        struct in_addr address;
        bool yes;
        int r;

        switch (type) {
        case TENANT_TYPE_BOOLEAN:
                r = parse_boolean(text, &yes);
                *ret = r < 0 ? 0 : yes;
                return r;
        case TENANT_TYPE_SIZE:
                return parse_size(text, ret);
        case TENANT_TYPE_COUNT:
                return parse_count(text, ret);
        case TENANT_TYPE_PERCENT:
                return parse_percent(text, ret);
        case TENANT_TYPE_RATE:
                return parse_rate(text, ret);
        case TENANT_TYPE_IPV4:
                r = parse_ipv4(text, &address);
                *ret = r < 0 ? 0 : ntohl(address.s_addr);
                return r;
        case TENANT_TYPE_CPUSET:
                return check_cpuset(text);
        case TENANT_TYPE_STRING:
        case TENANT_TYPE_LIST:
                return text_is_safe(text, TEXT_MAX) ? 0 : -EINVAL;
        }
        return -EINVAL;
}

/* Words joined by one blank each, in place: never longer than it was. */
static void join_words(char *text) {
        char *out = text;

        for (const char *p = text; *p;) {
                size_t gap = strspn(p, " ,"), word = strcspn(p + gap, " ,");

                if (word == 0) {
                        break;
                }
                if (out != text) {
                        *out++ = ' ';
                }
                memmove(out, p + gap, word);
                out += word;
                p += gap + word;
        }
        *out = '\0';
}

/* The value as it is shown back: numbers in their plain form, words joined. */
static char *normal_text(enum tenant_setting_type type, const char *text, uint64_t number) {
        char buf[40];

        switch (type) {
        case TENANT_TYPE_BOOLEAN:
                return strdup(number ? "yes" : "no");
        case TENANT_TYPE_SIZE:
        case TENANT_TYPE_COUNT:
        case TENANT_TYPE_RATE: /* has no infinity */
                snprintf(buf, sizeof(buf), "%" PRIu64, number);
                return strdup(number == UINT64_MAX && type != TENANT_TYPE_RATE ? "infinity" : buf);
        case TENANT_TYPE_PERCENT:
                snprintf(buf, sizeof(buf), "%" PRIu64 "%%", number);
                return strdup(buf);
        default:
                return strdup(text);
        }
}

static bool has_bounds(const struct tenant_setting *s) {
        return s->type != TENANT_TYPE_STRING && s->type != TENANT_TYPE_LIST &&
               s->type != TENANT_TYPE_CPUSET && (s->minimum != 0 || s->maximum != 0);
}

static int out_of_bounds(const struct tenant_setting *s, char why[static SETTING_WHY_SIZE]) {
        const char *gap = s->unit && *s->unit ? " " : "", *unit = s->unit ? s->unit : "";

        if (s->maximum == UINT64_MAX) {
                snprintf(why, SETTING_WHY_SIZE, "must be at least %" PRIu64 "%s%.40s", s->minimum, gap,
                         unit);
        } else {
                snprintf(why, SETTING_WHY_SIZE, "must be from %" PRIu64 " to %" PRIu64 "%s%.40s", s->minimum,
                         s->maximum, gap, unit);
        }
        return -EINVAL;
}

int setting_parse(const struct tenant_setting *setting, const char *text, struct tenant_value *ret,
                  char why[static SETTING_WHY_SIZE]) {
        uint64_t number = 0;
        char *copy;

        if (!*text || (setting->type == TENANT_TYPE_IPV4 && strcmp(text, "auto") == 0)) {
                return 0;
        }
        if (parse_number(setting->type, text, &number) < 0) {
                snprintf(why, SETTING_WHY_SIZE, "expected %s", expected[setting->type]);
                return -EINVAL;
        }
        if (has_bounds(setting) && (number < setting->minimum || number > setting->maximum)) {
                return out_of_bounds(setting, why);
        }
        copy = normal_text(setting->type, text, number);
        if (!copy) {
                return -ENOMEM;
        }
        if (setting->type == TENANT_TYPE_LIST) {
                join_words(copy);
        }
        free((char *) ret->text);
        ret->text = copy;
        ret->u64 = number;
        ret->is_set = true;
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-parse.c: numbers and words. Owned by tests/unit. */
#include "parse.h"
#include "unit.h"
#include <arpa/inet.h>

static const char *const never_numbers[] = { "",     " 1",  "1 ",  "+1",       "-1",
                                             "0x10", "1.5", "1e3", "\xd9\xa1", "one" };

static void test_plain_numbers(void **state) {
        uint64_t u64 = 7;
        uint32_t u32 = 7;
        uint16_t port = 7;

        for (size_t i = 0; i < ELEMENTSOF(never_numbers); i++) {
                assert_int_equal(parse_u64(never_numbers[i], &u64), -EINVAL);
                assert_int_equal(parse_u32(never_numbers[i], &u32), -EINVAL);
                assert_int_equal(parse_port(never_numbers[i], &port), -EINVAL);
        }
        assert_int_equal(u64 + u32 + port, 21);
        assert_int_equal(parse_u64("18446744073709551615", &u64), 0);
        assert_true(u64 == UINT64_MAX);
        assert_int_equal(parse_u64("18446744073709551616", &u64), -ERANGE);
        assert_int_equal(parse_u64("99999999999999999999999", &u64), -ERANGE);
        assert_int_equal(parse_u32("4294967295", &u32), 0);
        assert_true(u32 == UINT32_MAX);
        assert_int_equal(parse_u32("4294967296", &u32), -ERANGE);
        assert_int_equal(parse_port("65535", &port), 0);
        assert_int_equal(port, 65535);
        assert_int_equal(parse_port("65536", &port), -ERANGE);
        assert_int_equal(parse_port("0", &port), -ERANGE);
}

static void test_sizes(void **state) {
        static const struct {
                const char *text;
                uint64_t value;
        } good[] = {
                { "0", 0 },
                { "1023", 1023 },
                { "1K", 1024 },
                { "2M", 2097152 },
                { "20G", 21474836480 },
                { "3T", 3298534883328 },
                { "infinity", UINT64_MAX },
        };
        static const char *const bad[] = { "1k", "1KB", "1 K", "K", "1P", "1.5G", "Infinity", "-1K", "" };
        uint64_t value = 0;

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                assert_int_equal(parse_size(good[i].text, &value), 0);
                assert_true(value == good[i].value);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                assert_int_equal(parse_size(bad[i], &value), -EINVAL);
        }
        assert_int_equal(parse_size("16777216T", &value), -ERANGE);
        assert_int_equal(parse_size("16777215T", &value), 0);
}

static void test_rates_and_percent(void **state) {
        uint64_t value = 0;

        assert_int_equal(parse_rate("100M", &value), 0);
        assert_int_equal(value, 100000000);
        assert_int_equal(parse_rate("2G", &value), 0);
        assert_int_equal(value, 2000000000);
        assert_int_equal(parse_rate("1T", &value), -EINVAL);
        assert_int_equal(parse_rate("infinity", &value), -EINVAL);
        assert_int_equal(parse_percent("150%", &value), 0);
        assert_int_equal(value, 150);
        assert_int_equal(parse_percent("150", &value), -EINVAL);
        assert_int_equal(parse_percent("%", &value), -EINVAL);
        assert_int_equal(parse_percent("15%%", &value), -EINVAL);
}

static void test_booleans(void **state) {
        static const char *const yes[] = { "yes", "true", "on", "1" }, *const no[] = { "no", "false", "off",
                                                                                       "0" };
        static const char *const bad[] = { "", "Yes", "y", "2", "on ", "TRUE" };
        bool value;

        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                value = false;
                assert_int_equal(parse_boolean(yes[i], &value), 0);
                assert_true(value);
                assert_int_equal(parse_boolean(no[i], &value), 0);
                assert_false(value);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                assert_int_equal(parse_boolean(bad[i], &value), -EINVAL);
        }
}

static void test_ipv4(void **state) {
        static const char *const bad[] = {
                "",         "1.2.3",      "1.2.3.4.5", "1.2.3.256",  "01.2.3.4", " 1.2.3.4",
                "1.2.3.4 ", "1.2.3.4/24", "::1",       "0x7f000001", "127.1",
        };
        struct in_addr a = {};

        assert_int_equal(parse_ipv4("192.0.2.1", &a), 0);
        assert_int_equal(ntohl(a.s_addr), 0xC0000201);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                assert_int_equal(parse_ipv4(bad[i], &a), -EINVAL);
        }
}

static void test_safe_text(void **state) {
        static const char *const good[] = { "", "plain text", "é ß 漢 🐧", "\xc2\xa0", "\xf4\x8f\xbf\xbf" };
        static const char *const bad[] = {
                "a\n",
                "\t",
                "\x7f",
                "\033[2J",
                "\xc2\x85",
                "\xff",
                "\xc0\x80",
                "\xc3",
                "\xe2\x82",
                "\xed\xa0\x80",
                "\xf4\x90\x80\x80",
                "\x80",
                "\xe0\x80\x80",
                "\xf0\x80\x80\x80",
                "\xc1\xbf",
        };

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                assert_true(text_is_safe(good[i], 100));
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                assert_false(text_is_safe(bad[i], 100));
        }
        assert_true(text_is_safe("12345", 5));
        assert_false(text_is_safe("123456", 5));
}

static void test_format_size(void **state) {
        char buf[32];

        assert_string_equal(format_size(0, buf), "0B");
        assert_string_equal(format_size(1023, buf), "1023B");
        assert_string_equal(format_size(1536, buf), "1.5K");
        assert_string_equal(format_size(21474836480, buf), "20G");
        assert_string_equal(format_size(UINT64_MAX, buf), "-");
        assert_string_equal(format_size(UINT64_MAX - 1, buf), "16E");
}

/* What a number prints as is read back as the number. */
static void test_round_trip(void **state) {
        for (unsigned i = 0; i < 10000; i++) {
                uint64_t value = ((uint64_t) unit_random(UINT32_MAX) << 32 | unit_random(UINT32_MAX)) >>
                                 unit_random(64),
                         again = 0;
                char text[32];

                snprintf(text, sizeof(text), "%llu", (unsigned long long) value);
                assert_int_equal(parse_u64(text, &again), 0);
                assert_true(again == value);
                assert_int_equal(parse_size(text, &again), 0);
                assert_true(again == value);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_plain_numbers),
                cmocka_unit_test(test_sizes),
                cmocka_unit_test(test_rates_and_percent),
                cmocka_unit_test(test_booleans),
                cmocka_unit_test(test_ipv4),
                cmocka_unit_test(test_safe_text),
                cmocka_unit_test(test_format_size),
                cmocka_unit_test(test_round_trip),
        };

        return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}

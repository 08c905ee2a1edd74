/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-name.c: names. Against POSIX regular expressions as an independent validator. Owned by tests/unit. */
#include "name.h"
#include "strv.h"
#include "unit.h"
#include <regex.h>

#define RULE "^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"

static void repeat(char *buf, char c, size_t n) {
        memset(buf, c, n);
        buf[n] = '\0';
}

static void test_valid(void **state) {
        static const char *const names[] = { "a",    "a0",    "acme",  "a-b",  "a--b",
                                             "x9-y", "rootx", "xroot", "hosts" };
        char longest[64];

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                assert_true(tenant_name_is_valid(names[i]));
                assert_int_equal(tenant_name_check("tenant", names[i], NULL), 0);
        }
        repeat(longest, 'z', 63);
        assert_true(tenant_name_is_valid(longest));
}

static void test_invalid(void **state) {
        static const char *const names[] = {
                "",      "A",   "1a",  "-a",   "a-",   "a.b",       "a_b",       "a b",
                "a/b",   "..",  ".",   "aé",   "a\n",  "acme.conf", "../etc",    "a\001",
                "a\xff", "all", "new", "host", "self", "root",      "localhost",
        };
        char over[65];

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                TenantError e = {};

                assert_false(tenant_name_is_valid(names[i]));
                assert_error(e, tenant_name_check("image", names[i], &e), EINVAL, "InvalidName",
                             "image name");
        }
        repeat(over, 'a', 64);
        assert_false(tenant_name_is_valid(over));
        assert_false(tenant_name_is_valid(NULL));
}

static void test_message_says_rule(void **state) {
        TenantError e = {};

        assert_error(e, tenant_name_check("tenant", "Acme", &e), EINVAL, "InvalidName",
                     "\"Acme\" is not valid: a name is 1 to 63");
        assert_error(e, tenant_name_check("tenant", "root", &e), EINVAL, "InvalidName", "reserved");
        assert_error(e, tenant_name_check("tenant", "a\033[2J", &e), EINVAL, "InvalidName",
                     "(not printable)");
        assert_null(strchr(e.message, '\033'));
}

static bool is_reserved(const char *name) {
        static const char *const words[] = { "all", "host", "localhost", "new", "root", "self" };

        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                if (strcmp(words[i], name) == 0) {
                        return true;
                }
        }
        return false;
}

/*
 * A valid name is the same string as host label, unit instance and file name: nothing in it is ever escaped.
 */
static void test_against_regex(void **state) {
        static const char alphabet[] = "abz059-A._/@\\: %\xc3\xa9\n";
        size_t n_valid = 0;
        regex_t rule;

        assert_int_equal(regcomp(&rule, RULE, REG_EXTENDED | REG_NOSUB), 0);
        for (size_t round = 0; round < 200000; round++) {
                char name[72];
                size_t n = unit_random(round % 8 == 0 ? 70 : 6),
                       letters = unit_random(3) ? 7 : sizeof(alphabet) - 1;
                bool expected;

                for (size_t i = 0; i < n; i++) {
                        name[i] = alphabet[unit_random((uint32_t) letters)];
                }
                name[n] = '\0';
                expected =
                        !strchr(name, '\n') && regexec(&rule, name, 0, NULL, 0) == 0 && !is_reserved(name);
                assert_int_equal(tenant_name_is_valid(name), expected);
                n_valid += expected;
        }
        regfree(&rule);
        assert_true(n_valid > 10000);
}

static void test_list_directories(void **state) {
        _cleanup_(strv_free_p) char **names = NULL, **none = NULL;

        unit_write("d/zeta/x", "");
        unit_write("d/acme/x", "");
        unit_write("d/.acme.removed/x", "");
        unit_write("d/lost+found/x", "");
        unit_write("d/file", "");
        assert_int_equal(symlink("acme", unit_path("d/link")), 0);
        assert_int_equal(name_list_directories(unit_path("d"), &names), 0);
        assert_int_equal(strv_length(names), 2);
        assert_string_equal(names[0], "acme");
        assert_string_equal(names[1], "zeta");
        assert_int_equal(name_list_directories(unit_path("missing"), &none), 0);
        assert_non_null(none);
        assert_null(none[0]);
}

static void test_strv(void **state) {
        _cleanup_(strv_free_p) char **v = NULL;
        _cleanup_free_ char *joined = NULL, *empty = strv_join(NULL, ", ");

        assert_string_equal(empty, "");
        assert_int_equal(strv_push(&v, "b"), 0);
        assert_int_equal(strv_push(&v, ""), 0);
        assert_int_equal(strv_push(&v, "a"), 0);
        assert_true(strv_contains(v, "a"));
        assert_false(strv_contains(v, "c"));
        strv_sort(v);
        joined = strv_join(v, ", ");
        assert_string_equal(joined, ", a, b");
        assert_int_equal(strv_length(NULL), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_valid),
                cmocka_unit_test(test_invalid),
                cmocka_unit_test(test_message_says_rule),
                cmocka_unit_test(test_against_regex),
                cmocka_unit_test_setup(test_list_directories, unit_root_empty),
                cmocka_unit_test(test_strv),
        };

        return cmocka_run_group_tests_name("name", tests, unit_root_setup, unit_root_teardown);
}

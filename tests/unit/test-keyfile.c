/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-keyfile.c: key files: places, bounds, and that what is written is what is read. Owned by tests/unit.
 */
#include "keyfile.h"
#include "unit.h"

static Keyfile *parsed(const char *text) {
        TenantError e = {};
        Keyfile *k = NULL;

        assert_int_equal(keyfile_new(&k), 0);
        assert_ok(e, keyfile_parse(k, "test.conf", text, &e));
        return k;
}

static void test_syntax(void **state) {
        _cleanup_(keyfile_free_p) Keyfile *k = parsed("# comment\n"
                                                      "; comment = too\n"
                                                      "\n"
                                                      "  [Tenant]\t\n"
                                                      "Image=bookworm\n"
                                                      " Description \t= two words, a=b ; # kept \t\n"
                                                      "Empty=\n"
                                                      "[Facts.Network]\n"
                                                      "Address.0=10.0.0.1");

        assert_int_equal(k->n_entries, 4);
        assert_string_equal(keyfile_value(k, "Tenant", "Image"), "bookworm");
        assert_string_equal(keyfile_value(k, "Tenant", "Description"), "two words, a=b ; # kept");
        assert_string_equal(keyfile_value(k, "Tenant", "Empty"), "");
        assert_string_equal(keyfile_value(k, "Facts.Network", "Address.0"), "10.0.0.1");
        assert_null(keyfile_value(k, "tenant", "Image"));
        assert_null(keyfile_get(k, "Facts.Network", "Image"));
        assert_int_equal(keyfile_get(k, "Tenant", "Image")->line, 5);
        assert_int_equal(keyfile_get(k, "Facts.Network", "Address.0")->line, 9);
        assert_string_equal(keyfile_get(k, "Tenant", "Image")->file, "test.conf");
}

static void test_last_wins(void **state) {
        _cleanup_(keyfile_free_p) Keyfile *k = parsed("[A]\nx=1\ny=2\nx=3\n");
        TenantError e = {};

        assert_int_equal(k->n_entries, 2);
        assert_string_equal(k->entries[0].value, "3");
        assert_int_equal(k->entries[0].line, 4);
        assert_ok(e, keyfile_parse(k, "drop-in.conf", "\n[A]\ny=9\n", &e));
        assert_string_equal(keyfile_value(k, "A", "y"), "9");
        assert_string_equal(keyfile_get(k, "A", "y")->file, "drop-in.conf");
        assert_int_equal(keyfile_get(k, "A", "y")->line, 3);
        assert_string_equal(keyfile_get(k, "A", "x")->file, "test.conf");
}

static void test_refused(void **state) {
        static const struct {
                const char *text, *part;
        } cases[] = {
                { "x=1\n", "t.conf:1: x= stands before the first [Section]" },
                { "[A]\nword\n", "t.conf:2: neither [Section] nor Key=Value" },
                { "[A]\n\n=1\n", "t.conf:3: not a key" },
                { "[A]\nk y=1\n", "t.conf:2: not a key" },
                { "[A]\n.k=1\n", "t.conf:2: not a key" },
                { "[A]\nk\xc3\xa9=1\n", "t.conf:2: not a key" },
                { "[A\n", "t.conf:1: a section is written as [Name]" },
                { "[]\n", "t.conf:1: not a section name" },
                { "[A B]\n", "t.conf:1: not a section name" },
                { "[A]]\n", "t.conf:1: not a section name" },
                { "[A] x\n", "t.conf:1: a section is written" },
                { "[A]\r\nx=1\n", "t.conf:1: the line ends with a carriage return" },
                { "[A]\nx=a\tb\n", "t.conf:2: [A] x= has a control character" },
                { "[A]\nx=a\033b\n", "t.conf:2: [A] x= has a control character" },
                { "[A]\nx=\xff\n", "t.conf:2: [A] x= has a control character or is not UTF-8" },
                { "[A]\nx=\xc0\x80\n", "is not UTF-8" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(keyfile_free_p) Keyfile *k = NULL;
                TenantError e = {};

                assert_int_equal(keyfile_new(&k), 0);
                assert_error(e, keyfile_parse(k, "t.conf", cases[i].text, &e), EINVAL, "InvalidSetting",
                             cases[i].part);
        }
}

/* head, then n times c. The caller frees. */
static char *text_of(const char *head, char c, size_t n) {
        char *text = calloc(1, strlen(head) + n + 2);

        assert_non_null(text);
        memset(stpcpy(text, head), c, n);
        return text;
}

/* Parses head, n times c, tail (one character or none). */
static int parse_length(const char *head, char c, size_t n, const char *tail, TenantError *e) {
        _cleanup_(keyfile_free_p) Keyfile *k = NULL;
        _cleanup_free_ char *text = text_of(head, c, n);

        strcat(text, tail);
        assert_int_equal(keyfile_new(&k), 0);
        return keyfile_parse(k, "t.conf", text, e);
}

static void test_bounds(void **state) {
        TenantError e = {};

        assert_ok(e, parse_length("[A]\nx=", 'v', KEYFILE_VALUE_MAX, "", &e));
        assert_error(e, parse_length("[A]\nx=", 'v', KEYFILE_VALUE_MAX + 1, "", &e), EINVAL,
                     "InvalidSetting", "longer than 4096");
        assert_ok(e, parse_length("[A]\nx", 'k', KEYFILE_WORD_MAX - 1, "=", &e));
        assert_error(e, parse_length("[A]\nx", 'k', KEYFILE_WORD_MAX, "=", &e), EINVAL, "InvalidSetting",
                     "not a key");
        assert_ok(e, parse_length("[S", 's', KEYFILE_WORD_MAX - 1, "]", &e));
        assert_error(e, parse_length("[S", 's', KEYFILE_WORD_MAX, "]", &e), EINVAL, "InvalidSetting",
                     "not a section");
        assert_error(e, parse_length("[A]\n#", '#', KEYFILE_SIZE_MAX, "", &e), EINVAL, "InvalidSetting",
                     "larger than");
}

static void test_entries_bound(void **state) {
        _cleanup_(keyfile_free_p) Keyfile *k = parsed("");
        TenantError e = {};
        char key[16];

        for (unsigned i = 0; i < KEYFILE_ENTRIES_MAX; i++) {
                snprintf(key, sizeof(key), "k%u", i);
                assert_ok(e, keyfile_set(k, "A", key, "v", &e));
        }
        assert_error(e, keyfile_set(k, "A", "more", "v", &e), EINVAL, "InvalidSetting", "More than 4096");
        assert_error(e, keyfile_parse(k, "t.conf", "[A]\nk0=again\nmore=1\n", &e), EINVAL, "InvalidSetting",
                     "t.conf:3: more than 4096");
        assert_string_equal(keyfile_value(k, "A", "k0"), "again");
        assert_ok(e, keyfile_set(k, "A", "k0", NULL, &e));
        assert_ok(e, keyfile_set(k, "A", "more", "v", &e));
}

static void test_load(void **state) {
        _cleanup_(keyfile_free_p) Keyfile *k = parsed("");
        TenantError e = {};

        unit_write("ok.conf", "[A]\nx=1\n");
        unit_write_bytes("nul.conf", "[A]\nx=1\n\0y=2\n", 13);
        assert_ok(e, keyfile_load(k, unit_path("ok.conf"), &e));
        assert_string_equal(keyfile_get(k, "A", "x")->file, unit_path("ok.conf"));
        assert_error(e, keyfile_load(k, unit_path("nul.conf"), &e), EINVAL, "InvalidSetting", "NUL byte");
        assert_error(e, keyfile_load(k, unit_path("missing.conf"), &e), ENOENT, "Failed", "missing.conf");
        assert_error(e, keyfile_load(k, unit_root(), &e), EINVAL, "InvalidSetting", "not a regular file");
}

static void test_load_too_large(void **state) {
        _cleanup_(keyfile_free_p) Keyfile *k = parsed("");
        _cleanup_free_ char *text = text_of("[A]\n#", '#', KEYFILE_SIZE_MAX);
        TenantError e = {};

        unit_write("large.conf", text);
        assert_error(e, keyfile_load(k, unit_path("large.conf"), &e), EINVAL, "InvalidSetting",
                     "larger than 1048576 bytes");
}

static void test_dropins(void **state) {
        _cleanup_(keyfile_free_p) Keyfile *k = parsed("[A]\nx=base\n");
        TenantError e = {};

        assert_ok(e, keyfile_load_dropins(k, unit_path("missing.d"), &e));
        /* Made in an order that is sorted neither forwards nor backwards. */
        unit_write("x.d/10-a.conf", "[A]\nx=ten\ny=ten\n");
        unit_write("x.d/30-c.conf", "[A]\nx=thirty\n");
        unit_write("x.d/20-b.conf", "[A]\nx=twenty\n");
        unit_write("x.d/.40.conf", "[A]\nz=hidden\n");
        unit_write("x.d/50.conf~", "[A]\nx=backup\n");
        unit_write("x.d/README", "not a key file");
        assert_ok(e, keyfile_load_dropins(k, unit_path("x.d"), &e));
        assert_string_equal(keyfile_value(k, "A", "x"), "thirty");
        assert_string_equal(keyfile_value(k, "A", "y"), "ten");
        assert_null(keyfile_value(k, "A", "z"));
        assert_int_equal(symlink("nowhere", unit_path("x.d/40.conf")), 0);
        assert_error(e, keyfile_load_dropins(k, unit_path("x.d"), &e), EINVAL, "InvalidSetting",
                     "leads nowhere");
        unit_write("x.d/15.conf", "[A]\nbad\n");
        assert_error(e, keyfile_load_dropins(k, unit_path("x.d"), &e), EINVAL, "InvalidSetting",
                     "x.d/15.conf:2:");
}

static void test_set(void **state) {
        static const char *const bad_values[] = { " x", "x ", "\tx", "a\nb", "a\x01", "\xed\xa0\x80" };
        static const char *const bad_words[] = { "", "a b", "a]", "a=", "-a", "\xc3\xa9", "a\n" };
        _cleanup_(keyfile_free_p) Keyfile *k = parsed("[A]\nx=1\ny=2\nz=3\n");
        TenantError e = {};

        assert_ok(e, keyfile_set(k, "A", "y", NULL, &e));
        assert_ok(e, keyfile_set(k, "A", "never", NULL, &e));
        assert_int_equal(k->n_entries, 2);
        assert_string_equal(keyfile_value(k, "A", "z"), "3");
        assert_ok(e, keyfile_set(k, "A", "x", "new", &e));
        assert_int_equal(keyfile_get(k, "A", "x")->line, 0);
        assert_null(keyfile_get(k, "A", "x")->file);
        for (size_t i = 0; i < ELEMENTSOF(bad_values); i++) {
                assert_error(e, keyfile_set(k, "A", "x", bad_values[i], &e), EINVAL, "InvalidSetting",
                             "[A] x: a value");
        }
        for (size_t i = 0; i < ELEMENTSOF(bad_words); i++) {
                assert_error(e, keyfile_set(k, bad_words[i], "x", "1", &e), EINVAL, "InvalidSetting",
                             "Section and key");
                assert_error(e, keyfile_set(k, "A", bad_words[i], "1", &e), EINVAL, "InvalidSetting",
                             "Section and key");
        }
        assert_string_equal(keyfile_value(k, "A", "x"), "new");
}

static void test_format(void **state) {
        _cleanup_(keyfile_free_p) Keyfile *k = parsed("[B]\nx=1\n[A]\ny=2\n[B]\nz=\n");
        _cleanup_free_ char *text = NULL;

        assert_int_equal(keyfile_format(k, &text), 0);
        assert_string_equal(text, "[B]\nx=1\nz=\n\n[A]\ny=2\n");
}

static void random_word(char *buf, const char *alphabet, uint32_t length) {
        uint32_t n = unit_random(length), size = (uint32_t) strlen(alphabet);

        for (uint32_t i = 0; i < n; i++) {
                buf[i] = alphabet[unit_random(size)];
        }
        buf[n] = '\0';
}

static void fill(Keyfile *k) {
        uint32_t n = unit_random(40);

        while (n-- > 0) {
                char section[8], key[8], value[24];

                random_word(section, "AB.1-", 4);
                random_word(key, "xy_2.", 4);
                random_word(value, "[]=#; az\\\"'%\x7e", 20);
                (void) !keyfile_set(k, section, key, unit_random(6) ? value : NULL,
                                    NULL); /* refused ones are not in it */
        }
}

static void assert_same(const Keyfile *a, const Keyfile *b) {
        assert_int_equal(a->n_entries, b->n_entries);
        for (size_t i = 0; i < a->n_entries; i++) {
                const char *value = keyfile_value(b, a->entries[i].section, a->entries[i].key);

                assert_non_null(value);
                assert_string_equal(value, a->entries[i].value);
        }
}

/* Whatever keyfile_set takes is read back the same, and formatting it again changes nothing. */
static void test_format_parse_identity(void **state) {
        size_t entries = 0;

        for (unsigned round = 0; round < 3000; round++) {
                _cleanup_(keyfile_free_p) Keyfile *k = parsed(""), *again = NULL;
                _cleanup_free_ char *text = NULL, *text_again = NULL;

                fill(k);
                entries += k->n_entries;
                assert_int_equal(keyfile_format(k, &text), 0);
                again = parsed(text);
                assert_same(k, again);
                assert_int_equal(keyfile_format(again, &text_again), 0);
                assert_string_equal(text, text_again);
        }
        assert_true(entries > 5000);
}

static void test_error_text(void **state) {
        _cleanup_(keyfile_free_p) Keyfile *k = parsed("[Tenant]\nImage=x y\n");
        _cleanup_free_ char *value = calloc(1, 2001);
        TenantError e = {};

        assert_error(e, keyfile_error(keyfile_get(k, "Tenant", "Image"), &e, "no %s", "blanks"), EINVAL,
                     "InvalidSetting", "test.conf:2: [Tenant] Image=x y: no blanks");
        for (size_t i = 0; i < 1000; i++) {
                memcpy(value + 2 * i, "\xc3\xa9", 2);
        }
        assert_ok(e, keyfile_set(k, "A", "k", value, &e));
        assert_error(e, keyfile_error(keyfile_get(k, "A", "k"), &e, "%s", value), EINVAL, "InvalidSetting",
                     "…: ");
        assert_true(strncmp(e.message, "[A] k=", 6) == 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_syntax),
                cmocka_unit_test(test_last_wins),
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_bounds),
                cmocka_unit_test(test_entries_bound),
                cmocka_unit_test_setup(test_load, unit_root_empty),
                cmocka_unit_test_setup(test_load_too_large, unit_root_empty),
                cmocka_unit_test_setup(test_dropins, unit_root_empty),
                cmocka_unit_test(test_set),
                cmocka_unit_test(test_format),
                cmocka_unit_test(test_format_parse_identity),
                cmocka_unit_test(test_error_text),
        };

        return cmocka_run_group_tests_name("keyfile", tests, unit_root_setup, unit_root_teardown);
}

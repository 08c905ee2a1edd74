/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-idrange.c: id ranges: never shared, never outside the window, never a host user's. Owned by
 * tests/unit.
 */
#include "idrange.h"
#include "unit.h"
#include <grp.h>
#include <pwd.h>

static uint32_t user_id, group_id; /* what NSS is to know; 0: nothing */

/* In place of libc's, by the linker (--wrap). */
struct passwd *__wrap_getpwuid(uid_t uid);
struct group *__wrap_getgrgid(gid_t gid);

struct passwd *__wrap_getpwuid(uid_t uid) {
        static struct passwd entry;

        return user_id && uid == user_id ? &entry : NULL;
}

struct group *__wrap_getgrgid(gid_t gid) {
        static struct group entry;

        return group_id && gid == group_id ? &entry : NULL;
}

static bool overlap(IdRange a, IdRange b) {
        return (uint64_t) a.base < (uint64_t) b.base + b.count &&
               (uint64_t) b.base < (uint64_t) a.base + a.count;
}

static void test_first(void **state) {
        IdRange r = {};

        assert_int_equal(idrange_choose(262144, NULL, 0, NULL, 0, &r, NULL), 0);
        assert_int_equal(r.base, TENANT_ID_FIRST);
        assert_int_equal(r.count, 262144);
        assert_false(overlap(r, (IdRange){ IMAGE_ID_BASE, IMAGE_ID_COUNT }));
}

static void test_gap(void **state) {
        const IdRange used[] = { { TENANT_ID_FIRST + 262144, 65536 }, { TENANT_ID_FIRST, 65536 } };
        const IdRange foreign[] = { { TENANT_ID_FIRST + 70000, 1 }, { 0, UINT32_MAX - 1 } };
        IdRange r = {};

        assert_int_equal(idrange_choose(65536, used, 2, NULL, 0, &r, NULL), 0);
        assert_int_equal(r.base, TENANT_ID_FIRST + 65536);
        assert_int_equal(idrange_choose(196608, used, 2, NULL, 0, &r, NULL), 0);
        assert_int_equal(r.base, TENANT_ID_FIRST + 65536);
        assert_int_equal(idrange_choose(262144, used, 2, NULL, 0, &r, NULL), 0);
        assert_int_equal(r.base, TENANT_ID_FIRST + 262144 + 65536);
        /* A single foreign id costs its whole block. */
        assert_int_equal(idrange_choose(65536, used, 2, foreign, 1, &r, NULL), 0);
        assert_int_equal(r.base, TENANT_ID_FIRST + 131072);
}

static void test_full(void **state) {
        const IdRange nearly = { TENANT_ID_FIRST, ID_WINDOW_LAST - 65536 - TENANT_ID_FIRST + 1 };
        const IdRange beyond = { 100000, UINT32_MAX - 100000 };
        TenantError e = {};
        IdRange r = {};

        assert_ok(e, idrange_choose(65536, &nearly, 1, NULL, 0, &r, &e));
        assert_int_equal((uint64_t) r.base + r.count - 1, ID_WINDOW_LAST);
        assert_error(e, idrange_choose(131072, &nearly, 1, NULL, 0, &r, &e), ENOSPC, "NoSpace",
                     "131072 free user ids");
        assert_error(e, idrange_choose(65536, &nearly, 1, &beyond, 1, &r, &e), ENOSPC, "NoSpace",
                     "/etc/subuid");
        assert_error(e, idrange_choose(65535, NULL, 0, NULL, 0, &r, &e), EINVAL, "InvalidSetting", "65536");
        assert_error(e, idrange_choose(0, NULL, 0, NULL, 0, &r, &e), EINVAL, "InvalidSetting", "65536");
}

#define CHURN_MAX 400

static void assert_free(IdRange r, const IdRange *ranges, size_t n) {
        for (size_t i = 0; i < n; i++) {
                assert_false(overlap(r, ranges[i]));
        }
}

/*
 * Tenants come and go in any order: no two ever overlap, nor anybody else's, and a gap is used before new
 * ground.
 */
static void test_churn(void **state) {
        const IdRange foreign[] = {
                { TENANT_ID_FIRST + 300000, 65536 },
                { TENANT_ID_FIRST + 5000000, 1 },
                { ID_WINDOW_FIRST, 10 },
        };
        IdRange live[CHURN_MAX];
        size_t n = 0;

        for (unsigned round = 0; round < 6000; round++) {
                IdRange r = {};
                uint32_t count = 65536u << unit_random(5);

                if (n == CHURN_MAX || (n > 0 && unit_random(100) < 48)) {
                        live[unit_random((uint32_t) n)] = live[n - 1];
                        n--;
                        continue;
                }
                assert_int_equal(idrange_choose(count, live, n, foreign, ELEMENTSOF(foreign), &r, NULL), 0);
                assert_int_equal(r.count, count);
                assert_int_equal(r.base % ID_ALIGN, 0);
                assert_true(r.base >= TENANT_ID_FIRST && (uint64_t) r.base + r.count - 1 <= ID_WINDOW_LAST);
                assert_free(r, live, n);
                assert_free(r, foreign, ELEMENTSOF(foreign));
                live[n++] = r;
        }
        assert_true(n > 0);
}

static void test_subid(void **state) {
        _cleanup_free_ IdRange *ranges = NULL;
        TenantError e = {};
        size_t n = 0;

        assert_ok(e, idrange_parse_subid("/etc/subuid",
                                         "# comment\n"
                                         "\n"
                                         "adam:100000:65536\n"
                                         "beth:603914240:65536\n" /* ends just below the window */
                                         "carl:603914240:65537\n" /* one id in it */
                                         "1000:700000000:65536\n"
                                         "dora:1879048191:65536\n" /* starts at its last id */
                                         "emil:1879048192:65536\n"
                                         "none:700000000:0\n"
                                         "root:1:4294967294",
                                         &ranges, &n, &e));
        assert_int_equal(n, 4);
        assert_int_equal(ranges[0].base, ID_WINDOW_FIRST);
        assert_int_equal(ranges[0].count, 1);
        assert_int_equal(ranges[1].base, 700000000);
        assert_int_equal(ranges[2].base, ID_WINDOW_LAST);
        assert_int_equal(ranges[2].count, 1);
        assert_int_equal(ranges[3].base, ID_WINDOW_FIRST);
        assert_int_equal(ranges[3].count, ID_WINDOW_LAST - ID_WINDOW_FIRST + 1);
}

static void test_subid_refused(void **state) {
        static const char *const lines[] = {
                "adam",
                "adam:100000",
                "adam:100000:",
                ":100000:65536",
                "adam:x:65536",
                "adam:-1:65536",
                "adam:1:65536 ",
                "adam:1:65536:2",
                "adam:0x24000000:65536",
                "adam:04400000000:65536",
                "adam: 1:65536",
                "adam::65536",
                "adam:1:0xffff",
                "adam:99999999999999999999:1",
                "adam:18446744073709551615:2",
                " # not a comment",
        };

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                IdRange *ranges = NULL;
                TenantError e = {};
                char text[128];
                size_t n = 0;

                snprintf(text, sizeof(text), "ok:100000:65536\n%s\n", lines[i]);
                assert_error(e, idrange_parse_subid("/etc/subgid", text, &ranges, &n, &e), EBADMSG,
                             "HostNotReady", "/etc/subgid:2:");
                assert_null(ranges);
        }
}

static void test_foreign_files(void **state) {
        IdRange *ranges = NULL;
        TenantError e = {};
        size_t n = 1;

        assert_ok(e, idrange_foreign(&ranges, &n, &e));
        assert_int_equal(n, 0);
        free(ranges);
        unit_write("etc/subuid", "adam:700000000:65536\n");
        unit_write("etc/subgid", "adam:800000000:65536\n");
        assert_ok(e, idrange_foreign(&ranges, &n, &e));
        assert_int_equal(n, 2);
        assert_int_equal(ranges[0].base, 700000000);
        assert_int_equal(ranges[1].base, 800000000);
        free(ranges);
        unit_write_bytes("etc/subgid", "a:1:1\n\0b:1:1\n", 13);
        assert_error(e, idrange_foreign(&ranges, &n, &e), EBADMSG, "HostNotReady", "etc/subgid");
        assert_int_equal(unlink(unit_path("etc/subgid")), 0);
        assert_int_equal(mkdir(unit_path("etc/subgid"), 0755), 0);
        assert_error(e, idrange_foreign(&ranges, &n, &e), EBADFD, "HostNotReady", "etc/subgid");
}

static void test_nss(void **state) {
        const IdRange r = { TENANT_ID_FIRST, 262144 };
        const uint32_t seen[] = { r.base, r.base + 65535, r.base + 65536, r.base + 196608, r.base + 262143 };
        const uint32_t outside[] = { r.base - 1, r.base + 262144 };

        user_id = group_id = 0;
        assert_false(idrange_known_to_nss(r));
        for (size_t i = 0; i < ELEMENTSOF(seen); i++) {
                user_id = seen[i];
                group_id = 0;
                assert_true(idrange_known_to_nss(r));
                user_id = 0;
                group_id = seen[i];
                assert_true(idrange_known_to_nss(r));
        }
        for (size_t i = 0; i < ELEMENTSOF(outside); i++) {
                user_id = group_id = outside[i];
                assert_false(idrange_known_to_nss(r));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_first),
                cmocka_unit_test(test_gap),
                cmocka_unit_test(test_full),
                cmocka_unit_test(test_churn),
                cmocka_unit_test(test_subid),
                cmocka_unit_test(test_subid_refused),
                cmocka_unit_test_setup(test_foreign_files, unit_root_empty),
                cmocka_unit_test(test_nss),
        };

        return cmocka_run_group_tests_name("idrange", tests, unit_root_setup, unit_root_teardown);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-guest.c: what a first start writes into a tenant's tree, and when it is one. The upper layer stands for the root. */
#include "guest.h"
#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#define ETC "volume/upper/etc"
#define ID "0123456789abcdef0123456789abcdef\n"

static const Guest guest = { .name = "acme", .uuid = "01234567-89ab-cdef-0123-456789abcdef" };

static int first_start(TenantError *e) {
        _cleanup_close_ int volume = open(unit_path("volume"), O_PATH | O_DIRECTORY | O_CLOEXEC),
                            root = open(unit_path("volume/upper"), O_PATH | O_DIRECTORY | O_CLOEXEC);

        assert_true(volume >= 0 && root >= 0);
        return guest_first_start(&guest, volume, root, e);
}

static void assert_file(const char *path, const char *wanted) {
        _cleanup_free_ char *text = unit_read(path);

        assert_string_equal(text, wanted);
}

static void assert_written(void) {
        TenantError e = { 0 };

        assert_ok(e, first_start(&e));
        assert_file(ETC "/hostname", "acme");
        assert_file(ETC "/machine-id", ID);
}

static void test_once(void **state) {
        TenantError e = { 0 };

        unit_write(ETC "/passwd", "");
        assert_written();
        unit_write(ETC "/hostname", "other\n");
        assert_int_equal(unlink(unit_path(ETC "/machine-id")), 0);
        assert_ok(e, first_start(&e));
        assert_file(ETC "/hostname", "other\n");
        assert_false(unit_exists(ETC "/machine-id"));
}

static void test_machine_id_that_cannot_be_written(void **state) {
        TenantError e = { 0 };
        int r;

        unit_write(ETC "/machine-id/file", "");
        r = first_start(&e);
        assert_error(e, r, EISDIR, E_FAILED, "/etc/machine-id");
        assert_int_equal(unlink(unit_path(ETC "/machine-id/file")), 0);
        assert_int_equal(rmdir(unit_path(ETC "/machine-id")), 0);
        assert_written();
}

/* As a full disk: files can be made, and nothing be written to them. */
static void test_no_room(void **state) {
        TenantError e = { 0 };
        struct rlimit before, none;
        int r;

        if (geteuid() != 0) {
                skip(); /* only root writes to a machine id again */
        }
        unit_write(ETC "/passwd", "");
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        none = (struct rlimit){ 0, before.rlim_max };
        (void) signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
        r = first_start(&e);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_error(e, r, EFBIG, E_FAILED, "/etc/machine-id");
        assert_written();
}

static void test_cut_short_in_the_last_file(void **state) {
        unit_write(ETC "/hostname", "");
        assert_written();
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_once, unit_root_empty),
                cmocka_unit_test_setup(test_machine_id_that_cannot_be_written, unit_root_empty),
                cmocka_unit_test_setup(test_no_room, unit_root_empty),
                cmocka_unit_test_setup(test_cut_short_in_the_last_file, unit_root_empty),
        };

        return cmocka_run_group_tests_name("guest", tests, unit_root_setup, unit_root_teardown);
}

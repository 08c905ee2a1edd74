/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test-release.c: what is undone of a run, and when it is not. Needs root: plugins are only loaded from files of root. */
#include "loader.h"
#include "run.h"
#include "running.h"
#include "unit.h"
#include "work.h"
#include <errno.h>

#define JOURNAL "run/tenantd/acme/journal"

static int setup(void **state) {
        _cleanup_(keyfile_free_p) Keyfile *k = NULL;
        TenantError e = { 0 };

        if (unit_root_empty(state) < 0 || keyfile_new(&k) < 0) {
                return -1;
        }
        unit_write("var/lib/tenantd/images/base/root/sbin/init", "");
        plugin_set_directory(NULL_PLUGIN_DIRECTORY);
        assert_ok(e,
                  keyfile_parse(k, "settings",
                                "[Tenant]\nImage=base\nProfile=plain\n[Namespace]\nBackend=null\n"
                                "[Cgroup]\nBackend=null\n[Storage]\nBackend=null\n[Network]\nBackend=null\n",
                                &e));
        assert_ok(e, work_create_tenant("acme", k, &host_default, &e));
        return 0;
}

static void test_undone(void **state) {
        TenantError e = { 0 };

        unit_write(JOURNAL, "step storage\nstep network\n");
        unit_write("run/tenantd/acme/init", "1");
        assert_ok(e, release_run("acme", &e));
        assert_false(unit_exists(JOURNAL));
        assert_false(unit_exists("run/tenantd/acme/init"));
        assert_ok(e, release_run("acme", &e));
}

static void test_never_started(void **state) {
        TenantError e = { 0 };

        assert_ok(e, release_run("acme", &e));
        assert_false(unit_exists("run/tenantd/acme"));
}

static void test_of_a_running_one(void **state) {
        TenantError e = { 0 };
        _cleanup_close_ int runner = tenant_lock("acme", &e);
        int r;

        assert_true(runner >= 0);
        unit_write(JOURNAL, "step storage\n");
        r = release_run("acme", &e);
        assert_error(e, r, EBUSY, E_RUNNING, "systemctl stop tenant@acme");
        assert_true(unit_exists(JOURNAL));
}

static void test_undo_that_fails(void **state) {
        TenantError e = { 0 };
        int r;

        unit_write(JOURNAL, "step storage\nstep network\nfact network Fail release\n");
        r = release_run("acme", &e);
        assert_error(e, r, EIO, E_FAILED, "backend network-null: ");
        assert_true(unit_exists(JOURNAL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_undone, setup),
                cmocka_unit_test_setup(test_never_started, setup),
                cmocka_unit_test_setup(test_of_a_running_one, setup),
                cmocka_unit_test_setup(test_undo_that_fails, setup),
        };

        if (geteuid() != 0) {
                puts("1..0 # SKIP needs root: plugins are only loaded from files that belong to it");
                return 0; /* the skip is in the plan */
        }
        return cmocka_run_group_tests_name("release", tests, unit_root_setup, unit_root_teardown);
}

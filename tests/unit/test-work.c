/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-work.c: create, set, remove and recover with the null backends: what is on disk after each, and that
 * a failure at any step leaves nothing. Needs root: plugins are only loaded from files of root.
 */
#include "apt-sources.h"
#include "backends.h"
#include "docker.h"
#include "host-config.h"
#include "host.h"
#include "image.h"
#include "pki.h"
#include "running.h"
#include "unit.h"
#include "work.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#define IMAGE "var/lib/tenantd/images/base/root"
#define DEFINITION "etc/tenantd/tenants/acme.conf"
#define ALLOCATION "var/lib/tenantd/tenants/acme/allocation"
#define INCOMPLETE "var/lib/tenantd/tenants/acme/incomplete"
#define VOLUME "var/lib/tenantd/storage/null/acme"

static const char plain[] = "[Tenant]\nImage=base\nProfile=plain\n"
                            "[Namespace]\nBackend=null\n[Cgroup]\nBackend=null\n[Storage]\nBackend=null\n"
                            "[Network]\nBackend=null\n";

static int setup(void **state) {
        if (unit_root_empty(state) < 0) {
                return -1;
        }
        unit_write("var/lib/tenantd/images/base/root/sbin/init", "");
        plugin_set_directory(NULL_PLUGIN_DIRECTORY);
        return 0;
}

static Keyfile *settings(const char *more) {
        Keyfile *k;
        TenantError e = { 0 };

        assert_int_equal(keyfile_new(&k), 0);
        assert_ok(e, keyfile_parse(k, "settings", plain, &e));
        assert_ok(e, keyfile_parse(k, "more", more, &e));
        return k;
}

static int try_create(const char *name, const char *more, TenantError *e) {
        _cleanup_(keyfile_free_p) Keyfile *k = settings(more);

        *e = (TenantError){ 0 };
        return work_create_tenant(name, k, &host_default, e);
}

static void create(const char *name, const char *more) {
        TenantError e;

        assert_ok(e, try_create(name, more, &e));
}

static int try_set(const char *changes, char ***live, char ***later, TenantError *e) {
        _cleanup_(keyfile_free_p) Keyfile *k = NULL;

        *live = *later = NULL;
        *e = (TenantError){ 0 };
        assert_int_equal(keyfile_new(&k), 0);
        assert_ok(*e, keyfile_parse(k, "changes", changes, e));
        return work_set_tenant("acme", k, &host_default, live, later, e);
}

static void assert_nothing_left(void) {
        assert_false(unit_exists(DEFINITION));
        assert_false(unit_exists("var/lib/tenantd/tenants/acme"));
        assert_false(unit_exists("run/tenantd/acme"));
        assert_true(!unit_exists("var/lib/tenantd/storage/null") ||
                    unit_count("var/lib/tenantd/storage/null") == 0);
}

static Allocation *allocation(const char *name) {
        Allocation *a;
        TenantError e = { 0 };

        assert_ok(e, allocation_load(name, &a, &e));
        return a;
}

/* Doctor says this of that check (nothing: it is well), and something of whatever is not well. */
static void assert_advice(const char *check, const char *part) {
        HostCheck *checks = NULL;
        TenantError e = { 0 };
        bool found = false;
        size_t n = 0;

        assert_ok(e, work_check_host(&checks, &n, &e));
        assert_true(n > 5);
        for (size_t i = 0; i < n; i++) {
                assert_true((strcmp(checks[i].result, "ok") == 0) == (checks[i].advice[0] == '\0'));
                found = found || (strcmp(checks[i].check, check) == 0 &&
                                  (part[0] ? !!strstr(checks[i].advice, part) : !checks[i].advice[0]));
        }
        assert_true(found);
        host_checks_free(checks, n);
}

static const char *kernel_release; /* what uname(2) says; NULL: the truth */

int __real_uname(struct utsname *u);
int __wrap_uname(struct utsname *u);

int __wrap_uname(struct utsname *u) {
        int r = __real_uname(u);

        if (r == 0 && kernel_release) {
                snprintf(u->release, sizeof(u->release), "%s", kernel_release);
        }
        return r;
}

static void test_old_kernels(void **state) {
        kernel_release = "5.18.0-4-amd64";
        assert_advice("kernel", "too old");
        kernel_release = "5.19.0-2-amd64";
        assert_advice("kernel", "nobody has tested it");
        kernel_release = "6.0.12";
        assert_advice("kernel", "nobody has tested it");
        kernel_release = "6.1.0";
        assert_advice("kernel", "");
        kernel_release = NULL;
}

static void test_create_and_remove(void **state) {
        _cleanup_(allocation_free_p) Allocation *a = NULL;
        TenantError e = { 0 };

        create("acme", "");
        assert_true(definition_exists("acme"));
        assert_true(unit_exists("var/lib/tenantd/storage"));
        assert_false(unit_exists("var/lib/tenantd/tenants/acme/pki"));
        a = allocation("acme");
        assert_int_equal(a->index, 0);
        assert_string_equal(a->backends[TENANT_KIND_STORAGE], "null");
        assert_int_equal(a->n_facts, 1);
        assert_string_equal(a->facts[0].value, "198.18.0.1");
        assert_int_equal(a->docker_port, 0);
        assert_ok(e, work_remove_tenant("acme", &host_default, &e));
        assert_nothing_left();
        int r = work_remove_tenant("acme", &host_default, &e);
        assert_error(e, r, ENOENT, E_NO_SUCH_TENANT, "acme");
}

static void test_two_share_nothing(void **state) {
        _cleanup_(allocation_free_p) Allocation *a = NULL, *b = NULL;

        create("acme", "[Docker]\nEnabled=yes\n");
        create("rival", "[Docker]\nEnabled=yes\n");
        a = allocation("acme");
        b = allocation("rival");
        assert_true(b->ids.base >= a->ids.base + a->ids.count);
        assert_int_not_equal(a->project_id, b->project_id);
        assert_int_not_equal(a->docker_port, b->docker_port);
        assert_string_not_equal(a->facts[0].value, b->facts[0].value);
}

static void test_docker_has_certificates(void **state) {
        _cleanup_free_ char *endpoint = NULL;
        _cleanup_(allocation_free_p) Allocation *a = NULL;
        _cleanup_(definition_free_p) Definition *d = NULL;
        PkiBundle bundle = { 0 };
        TenantError e = { 0 };
        char expected[64];

        unit_write("etc/tenantd/tenantd.conf", "[Docker]\nServerName=host.example\n");
        create("acme", "[Docker]\nEnabled=yes\n");
        assert_ok(e, pki_issue_client("acme", "me", 1, &bundle, &e));
        pki_bundle_done(&bundle);
        a = allocation("acme");
        assert_ok(e, definition_load("acme", &d, &e));
        assert_ok(e, docker_endpoint(d, a, &endpoint, &e));
        snprintf(expected, sizeof(expected), "tcp://host.example:%u", a->docker_port);
        assert_string_equal(endpoint, expected);
        assert_ok(e, work_remove_tenant("acme", &host_default, &e));
        assert_nothing_left();
}

static void assert_certificate_names(const char *text) {
        _cleanup_free_ char *pem = unit_read("var/lib/tenantd/tenants/acme/pki/server.crt");
        BIO *bio = BIO_new_mem_buf(pem, -1);
        X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

        assert_non_null(cert);
        assert_int_equal(X509_check_host(cert, text, 0, 0, NULL), 1);
        X509_free(cert);
        BIO_free(bio);
}

/* The host got another name: whoever brings the certificate up to date keeps the authority, so that clients stay valid. */
static void test_new_name_of_the_host(void **state) {
        _cleanup_(strv_free_p) char **live = NULL, **later = NULL;
        _cleanup_free_ char *before = NULL, *after = NULL;
        TenantError e = { 0 };

        unit_write("etc/tenantd/tenantd.conf", "[Docker]\nServerName=old.example\n");
        create("acme", "[Docker]\nEnabled=yes\n");
        before = unit_read("var/lib/tenantd/tenants/acme/pki/ca.crt");
        assert_certificate_names("old.example");
        unit_write("etc/tenantd/tenantd.conf", "[Docker]\nServerName=boot.example\n");
        assert_ok(e, work_recover(&host_default, &e)); /* the agent's first start since boot */
        assert_certificate_names("boot.example");
        unit_write("etc/tenantd/tenantd.conf", "[Docker]\nServerName=set.example\n");
        assert_ok(e, try_set("[Docker]\nReady=docker\n", &live, &later, &e));
        assert_certificate_names("set.example");
        after = unit_read("var/lib/tenantd/tenants/acme/pki/ca.crt");
        assert_string_equal(before, after);
}

static void test_names_of_the_certificate(void **state) {
        _cleanup_(strv_free_p) char **dns = NULL, **addresses = NULL;
        _cleanup_(allocation_free_p) Allocation *a = NULL;
        _cleanup_(definition_free_p) Definition *d = NULL;
        TenantError e = { 0 };

        unit_write("etc/tenantd/tenantd.conf", "[Docker]\nServerName=192.0.2.7\n");
        create("acme", "");
        a = allocation("acme");
        assert_ok(e, definition_load("acme", &d, &e));
        assert_ok(e, docker_names(d, a, &dns, &addresses, &e));
        assert_true(strv_contains(dns, "acme"));
        assert_true(strv_contains(dns, "localhost"));
        assert_false(strv_contains(dns, "192.0.2.7"));
        assert_true(strv_contains(addresses, "192.0.2.7"));
        assert_true(strv_contains(addresses, "198.18.0.1"));
        assert_true(strv_contains(addresses, "127.0.0.1"));
}

static void test_config_refuses(void **state) {
        static const char *const bad[] = { "[Docker]\nServer=x\n", "[Dokcer]\nServerName=x\n",
                                           "[Docker]\nServerName=a b\n" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                Config c;
                TenantError e = { 0 };

                unit_write("etc/tenantd/tenantd.conf", bad[i]);
                int r = config_load(&c, &e);
                assert_error(e, r, EINVAL, E_INVALID_SETTING, "tenantd.conf:2");
                config_done(&c);
        }
}

static void test_creation_that_is_refused(void **state) {
        static const struct {
                const char *more;
                int code;
                const char *name;
                const char *part;
        } cases[] = {
                { "[Tenant]\nImage=missing\n", ENOENT, E_NO_SUCH_IMAGE, "missing" },
                { "[Cgroup]\nMemroyMax=1G\n", EINVAL, E_INVALID_SETTING, "MemroyMax" },
                { "[Storage]\nSize=huge\n", EINVAL, E_INVALID_SETTING, "Size" },
                { "[Storage]\nBackend=nosuch\n", ENOENT, E_NO_SUCH_BACKEND, "nosuch" },
                { "[Unknown]\nKey=1\n", EINVAL, E_INVALID_SETTING, "Unknown" },
                { "[Storage]\nFail=provision\n", EIO, E_FAILED, "provision" },
                { "[Network]\nFail=allocate\n", EIO, E_FAILED, "allocate" },
                { "[Cgroup]\nFail=validate\n", EIO, E_FAILED, "validate" },
                { "[Cgroup]\nFail=fit\n", EIO, E_FAILED, "fit" },
                { "[Network]\nFail=fit\n", EIO, E_FAILED, "fit" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                TenantError e;
                int r = try_create("acme", cases[i].more, &e);

                assert_error(e, r, cases[i].code, cases[i].name, cases[i].part);
                assert_nothing_left();
        }
        TenantError e;
        int r = try_create("Acme", "", &e);
        assert_error(e, r, EINVAL, E_INVALID_NAME, "");
}

static void test_create_twice(void **state) {
        _cleanup_free_ char *before = NULL, *after = NULL;
        TenantError e;
        int r;

        create("acme", "");
        before = unit_read(ALLOCATION);
        r = try_create("acme", "", &e);
        assert_error(e, r, EEXIST, E_TENANT_EXISTS, "acme");
        after = unit_read(ALLOCATION);
        assert_string_equal(before, after);
}

/* The definition could not be written: what was made before it goes again. */
static void test_last_step_fails(void **state) {
        TenantError e;
        int r;

        unit_write("etc/tenantd/tenants", "not a directory");
        r = try_create("acme", "[Docker]\nEnabled=yes\n", &e);
        assert_true(r < 0);
        assert_non_null(strstr(e.message, "tenants")); /* the definition, the last to be written */
        assert_int_equal(unlink(unit_path("etc/tenantd/tenants")), 0);
        assert_nothing_left();
}

/*
 * Killed at any point before the definition was there: the name is free, and nobody gets less than a whole
 * tenant.
 */
static void test_leftovers_do_not_stop_creation(void **state) {
        create("acme", "[Docker]\nEnabled=yes\n");
        assert_false(unit_exists(INCOMPLETE));
        assert_int_equal(unlink(unit_path(DEFINITION)), 0);
        unit_write(INCOMPLETE, "");
        create("acme", "");
        assert_false(unit_exists("var/lib/tenantd/tenants/acme/pki"));
        assert_false(unit_exists(INCOMPLETE));
        assert_true(definition_exists("acme"));
}

/* A definition that is missing, or cannot be reached, is no order to destroy a customer's data. */
static void test_lost_definition(void **state) {
        _cleanup_free_ char *away = strdup(unit_path("acme.conf"));
        TenantError e = { 0 };
        int r;

        create("acme", "[Docker]\nEnabled=yes\n");
        assert_int_equal(rename(unit_path(DEFINITION), away), 0);
        assert_ok(e, work_recover(&host_default, &e));
        assert_true(unit_exists(ALLOCATION));
        assert_advice("tenants", "put it back");
        assert_true(unit_exists("var/lib/tenantd/tenants/acme/pki"));
        r = try_create("acme", "", &e);
        assert_error(e, r, EEXIST, E_TENANT_EXISTS, "tenantctl remove acme");
        assert_int_equal(symlink("/nowhere/acme.conf", unit_path(DEFINITION)), 0);
        assert_true(definition_exists("acme"));
        assert_int_equal(unlink(unit_path(DEFINITION)), 0);
        e = (TenantError){ 0 };
        assert_ok(e, work_remove_tenant("acme", &host_default, &e)); /* that is one */
        assert_nothing_left();
}

/* What an operator put beside the definition before there was one counts from the beginning. */
static void test_dropins_of_a_new_one(void **state) {
        _cleanup_(allocation_free_p) Allocation *a = NULL;
        _cleanup_free_ char *text = NULL;
        TenantError e = { 0 };
        int r;

        unit_write(DEFINITION ".d/10.conf", "[Docker]\nEnabled=yes\nPort=30000\n");
        create("acme", "");
        a = allocation("acme");
        assert_int_equal(a->docker_port, 30000);
        assert_true(unit_exists("var/lib/tenantd/tenants/acme/pki"));
        text = unit_read(DEFINITION);
        assert_null(strstr(text, "30000"));
        assert_ok(e, work_remove_tenant("acme", &host_default, &e));
        assert_false(unit_exists(DEFINITION ".d"));
        unit_write(DEFINITION ".d/10.conf", "[Cgroup]\nMemroyMax=1G\n");
        r = try_create("acme", "", &e);
        assert_error(e, r, EINVAL, E_INVALID_SETTING, "10.conf");
        assert_nothing_left();
        assert_true(unit_exists(DEFINITION ".d/10.conf")); /* not ours to remove */
}

static void test_recover(void **state) {
        TenantError e = { 0 };

        create("acme", "");
        create("rival", "");
        assert_int_equal(unlink(unit_path(DEFINITION)), 0);
        unit_write("var/lib/tenantd/tenants/acme/removing", "");
        unit_write(DEFINITION ".d/10.conf", "[Cgroup]\nMemoryMax=1G\n"); /* the removal went this far */
        unit_write("var/lib/tenantd/tenants/rival/incomplete", ""); /* and a creation that far */
        unit_write("var/lib/tenantd/images/.half.removed/root/file", "x");
        unit_write("var/lib/tenantd/images/.half.partial/root/file", "x");
        unit_write("var/lib/tenantd/images/.half.build/tmp/file", "x");
        unit_write("var/lib/tenantd/tenants/empty/pki/x", "");
        assert_ok(e, work_recover(&host_default, &e));
        assert_nothing_left();
        assert_false(unit_exists(DEFINITION ".d"));
        assert_false(unit_exists("var/lib/tenantd/tenants/rival/incomplete"));
        assert_false(unit_exists("var/lib/tenantd/images/.half.removed"));
        assert_false(unit_exists("var/lib/tenantd/images/.half.partial"));
        assert_false(unit_exists("var/lib/tenantd/images/.half.build"));
        assert_false(unit_exists("var/lib/tenantd/tenants/empty"));
        assert_true(unit_exists(IMAGE));
        assert_true(definition_exists("rival"));
        assert_true(unit_exists("var/lib/tenantd/tenants/rival/allocation"));
}

static void test_remove_of_a_running_one(void **state) {
        TenantError e = { 0 };
        int r;

        create("acme", "");
        {
                _cleanup_close_ int runner = tenant_lock("acme", &e);

                assert_true(runner >= 0);
                r = work_remove_tenant("acme", &host_default, &e);
                assert_error(e, r, EBUSY, E_RUNNING, "acme");
        }
        unit_write("run/tenantd/acme/journal", "step storage\n");
        r = work_remove_tenant("acme", &host_default, &e);
        assert_error(e, r, EBUSY, E_RUNNING, "released");
        assert_true(definition_exists("acme"));
        assert_int_equal(unlink(unit_path("run/tenantd/acme/journal")), 0);
        assert_ok(e, work_remove_tenant("acme", &host_default, &e));
        assert_nothing_left();
}

static void test_set_of_a_stopped_one(void **state) {
        _cleanup_(strv_free_p) char **live = NULL, **later = NULL;
        _cleanup_(definition_free_p) Definition *d = NULL;
        TenantError e;

        create("acme", "[Cgroup]\nTasksMax=100\n");
        assert_ok(e, try_set("[Cgroup]\nMemoryMax=1G\nTasksMax=\n[Storage]\nSize=2G\n", &live, &later, &e));
        assert_true(strv_contains(live, "Storage.Size")); /* a volume has its limit while nobody uses it */
        assert_true(strv_contains(later, "Cgroup.MemoryMax"));
        assert_true(strv_contains(later, "Cgroup.TasksMax"));
        assert_ok(e, definition_load("acme", &d, &e));
        assert_string_equal(keyfile_value(d->keyfile, "Cgroup", "MemoryMax"), "1G");
        assert_null(keyfile_value(d->keyfile, "Cgroup", "TasksMax"));
}

static void test_set_that_is_refused(void **state) {
        static const struct {
                const char *changes;
                int code;
                const char *name;
                const char *part;
        } cases[] = {
                { "[Cgroup]\nMemroyMax=1G\n", EINVAL, E_INVALID_SETTING, "MemroyMax" },
                { "[Cgroup]\nMemoryMax=much\n", EINVAL, E_INVALID_SETTING, "MemoryMax" },
                { "[Tenant]\nImage=other\n", ENOTSUP, E_NOT_SUPPORTED, "image" },
                { "[Namespace]\nIds=65536\n", ENOTSUP, E_NOT_SUPPORTED, "ids" },
                { "[Storage]\nBackend=directory\n", ENOTSUP, E_NOT_SUPPORTED, "backend" },
                { "[Cgroup]\nFail=fit\n", EIO, E_FAILED, "fit" },
                { "[Network]\nFail=fit\n", EIO, E_FAILED, "fit" },
                { "[Storage]\nSize=1G\nFail=resize\n", EIO, E_FAILED, "resize" },
                { "[Storage]\nInodes=7\n", EINVAL, E_INVALID_SETTING, "90-site.conf" },
        };
        _cleanup_free_ char *before = NULL;

        create("acme", "");
        unit_write("etc/tenantd/tenants/acme.conf.d/90-site.conf", "[Storage]\nInodes=1000\n");
        before = unit_read(DEFINITION);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(strv_free_p) char **live = NULL, **later = NULL;
                _cleanup_free_ char *after = NULL;
                TenantError e;
                int r = try_set(cases[i].changes, &live, &later, &e);

                assert_error(e, r, cases[i].code, cases[i].name, cases[i].part);
                after = unit_read(DEFINITION);
                assert_string_equal(before, after);
        }
}

static void test_docker_switched_on_later(void **state) {
        _cleanup_(strv_free_p) char **live = NULL, **later = NULL;
        _cleanup_(allocation_free_p) Allocation *a = NULL;
        TenantError e;

        create("acme", "");
        assert_ok(e, try_set("[Docker]\nEnabled=yes\nPort=30000\n", &live, &later, &e));
        a = allocation("acme");
        assert_int_equal(a->docker_port, 30000);
        assert_true(strv_contains(later, "Docker.Enabled"));
        assert_true(unit_exists("var/lib/tenantd/tenants/acme/pki/ca.key"));
}

/* Docker's port is one that the network has to publish. */
static void test_docker_that_the_network_refuses(void **state) {
        static const char *const changes[] = { "[Docker]\nEnabled=yes\n", "[Tenant]\nProfile=docker\n" };
        _cleanup_(strv_free_p) char **live = NULL, **later = NULL;
        _cleanup_free_ char *before = NULL, *after = NULL;
        TenantError e;

        create("acme", "");
        unit_write("etc/tenantd/tenants/acme.conf.d/90-site.conf", "[Network]\nFail=fit\n");
        before = unit_read(ALLOCATION);
        for (size_t i = 0; i < ELEMENTSOF(changes); i++) {
                int r = try_set(changes[i], &live, &later, &e);

                assert_error(e, r, EIO, E_FAILED, "Fail=fit");
        }
        after = unit_read(ALLOCATION);
        assert_string_equal(before, after);
        assert_false(unit_exists("var/lib/tenantd/tenants/acme/pki"));
        assert_ok(e, try_set("[Tenant]\nDescription=a shop\n", &live, &later, &e));
}

static void test_port_of_another(void **state) {
        _cleanup_(strv_free_p) char **live = NULL, **later = NULL;
        _cleanup_(allocation_free_p) Allocation *a = NULL;
        TenantError e;
        int r;

        create("rival", "[Docker]\nEnabled=yes\nPort=30000\n");
        r = try_create("acme", "[Docker]\nEnabled=yes\nPort=30000\n", &e);
        assert_error(e, r, EADDRINUSE, E_ADDRESS_IN_USE, "30000");
        assert_nothing_left();
        create("acme", "");
        r = try_set("[Docker]\nEnabled=yes\nPort=30000\n", &live, &later, &e);
        assert_error(e, r, EADDRINUSE, E_ADDRESS_IN_USE, "30000");
        a = allocation("acme");
        assert_int_equal(a->docker_port, 0);
}

/* Two who were made at the same time: the one that is saved last hears of it. */
static void test_port_taken_meanwhile(void **state) {
        _cleanup_(definition_free_p) Definition *d = NULL;
        TenantError e = { 0 };
        int r;

        create("acme", "");
        create("rival", "[Network]\nPublish=30001:80\n");
        assert_ok(e, definition_load("acme", &d, &e));
        r = allocation_check_ports(d, 30001, &e);
        assert_error(e, r, EADDRINUSE, E_ADDRESS_IN_USE, "rival");
        e = (TenantError){ 0 };
        assert_ok(e, allocation_check_ports(d, 30002, &e));
}

static void test_check_says_what_to_do(void **state) {
        create("acme", "");
        unit_write(DEFINITION, "[Tenant]\nImage=base\nTypo=1\n");
        assert_advice("tenants", "Typo");
}

static void test_room(void **state) {
        TenantError e = { 0 };
        int r;

        assert_ok(e, space_check(PATH_IMAGES, 1, &e));
        r = space_check(PATH_IMAGES, UINT64_MAX - (UINT64_C(64) << 20), &e);
        assert_error(e, r, ENOSPC, E_NO_SPACE, "MiB are needed");
        r = error_set_errno(&e, ENOSPC, E_FAILED, "Cannot write x");
        assert_error(e, r, ENOSPC, E_NO_SPACE, "Cannot write x: No space left on device");
        r = error_set_errno(&e, ENOSPC, E_QUOTA_EXCEEDED, "Cannot write x");
        assert_error(e, r, ENOSPC, E_QUOTA_EXCEEDED, "");
}

/* One place for the bus and for the worker. */
static void test_what_a_build_can_be_asked_for(void **state) {
        static char *const good[] = { (char *) "vim-tiny", (char *) "g++", (char *) "0ad", NULL };
        static char *const bad[][2] = { { (char *) "-o", NULL },  { (char *) "a", NULL },
                                        { (char *) "Vim", NULL }, { (char *) "a b", NULL },
                                        { (char *) "x,y", NULL }, { (char *) "?true", NULL } };
        static const char *const suites[] = { "", "Bookworm", "--help", "a/b", "a b", "-x" };
        TenantError e = { 0 };
        int r;

        assert_ok(e, work_check_build("bookworm", NULL, NULL, &e));
        assert_ok(e, work_check_build("bookworm-backports", "docker", good, &e));
        for (size_t i = 0; i < ELEMENTSOF(suites); i++) {
                r = work_check_build(suites[i], NULL, NULL, &e);
                assert_error(e, r, EINVAL, E_INVALID_SETTING, "suite");
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                r = work_check_build("bookworm", NULL, bad[i], &e);
                assert_error(e, r, EINVAL, E_INVALID_SETTING, "package");
        }
        r = work_check_build("bookworm", "gold", NULL, &e);
        assert_error(e, r, EINVAL, E_INVALID_SETTING, "allowed: plain docker");
        r = work_check_build("bookworm", "", NULL, &e);
        assert_error(e, r, EINVAL, E_INVALID_SETTING, "allowed: plain docker");
}

static void test_run_needs_a_running_tenant(void **state) {
        RunResult result;
        TenantError e = { 0 };
        char *const argv[] = { (char *) "true", NULL }, *const none[] = { NULL };
        RunRequest request = { .tenant = "acme", .argv = argv };
        int r;

        create("acme", "");
        r = work_run(&request, &host_default, &result, &e);
        assert_error(e, r, ESRCH, E_NOT_RUNNING, "acme");
        request.argv = none;
        r = work_run(&request, &host_default, &result, &e);
        assert_error(e, r, EINVAL, E_INVALID_SETTING, "what to run");
}

static void test_apt_sources(void **state) {
        _cleanup_(strv_free_p) char **found = NULL;
        TenantError e = { 0 };

        unit_write("apt/sources.list",
                   "# deb http://a.example/x bookworm main\n"
                   "deb [arch=amd64 trusted=yes] http://a.example/debian bookworm main contrib # note\n"
                   "deb-src http://a.example/debian bookworm main\n"
                   "deb http://docker.example/debian bookworm stable\n"
                   "deb http://a.example/debian bookworm-updates main\n"
                   "deb http://a.example/debian trixie main\n");
        unit_write("apt/sources.list.d/b.sources",
                   "Types: deb deb-src\nURIs: http://b.example/one\n http://b.example/two\n"
                   "Suites: bookworm-security sid\nComponents: main\n"
                   "Signed-By: /usr/share/keyrings/k.gpg\n\n"
                   "Types: deb\nURIs: http://off.example/\nSuites: bookworm\n"
                   "Components: main\nEnabled: no\n");
        unit_write("apt/forky.list", "deb copy:/srv/repo forky main\n");
        assert_ok(e, apt_sources_find(unit_path("apt"), "bookworm", &found, &e));
        assert_int_equal(strv_length(found), 4);
        assert_string_equal(found[0],
                            "deb [arch=amd64 trusted=yes] http://a.example/debian bookworm main contrib ");
        assert_string_equal(found[1], "deb http://a.example/debian bookworm-updates main");
        assert_string_equal(
                found[2],
                "deb [signed-by=/usr/share/keyrings/k.gpg] http://b.example/one bookworm-security main");
        assert_string_equal(
                found[3],
                "deb [signed-by=/usr/share/keyrings/k.gpg] http://b.example/two bookworm-security main");
        found = strv_free(found);
        assert_ok(e, apt_sources_find(unit_path("apt"), "forky", &found, &e));
        assert_int_equal(strv_length(found), 1);
        assert_string_equal(found[0], "deb copy:/srv/repo forky main");
        found = strv_free(found);
        int r = apt_sources_find(unit_path("apt"), "buster", &found, &e);
        assert_error(e, r, ENOENT, E_HOST_NOT_READY, "buster.list");
}

static void test_no_descriptor_is_lost(void **state) {
        size_t before;
        TenantError e;

        create("rival", ""); /* plugins stay loaded */
        before = unit_open_fds();
        create("acme", "[Docker]\nEnabled=yes\n");
        assert_true(try_create("acme", "", &e) < 0);
        assert_ok(e, work_remove_tenant("acme", &host_default, &e));
        assert_int_equal(unit_open_fds(), before);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_old_kernels, setup),
                cmocka_unit_test_setup(test_create_and_remove, setup),
                cmocka_unit_test_setup(test_two_share_nothing, setup),
                cmocka_unit_test_setup(test_docker_has_certificates, setup),
                cmocka_unit_test_setup(test_new_name_of_the_host, setup),
                cmocka_unit_test_setup(test_names_of_the_certificate, setup),
                cmocka_unit_test_setup(test_config_refuses, setup),
                cmocka_unit_test_setup(test_creation_that_is_refused, setup),
                cmocka_unit_test_setup(test_create_twice, setup),
                cmocka_unit_test_setup(test_last_step_fails, setup),
                cmocka_unit_test_setup(test_leftovers_do_not_stop_creation, setup),
                cmocka_unit_test_setup(test_lost_definition, setup),
                cmocka_unit_test_setup(test_dropins_of_a_new_one, setup),
                cmocka_unit_test_setup(test_port_taken_meanwhile, setup),
                cmocka_unit_test_setup(test_recover, setup),
                cmocka_unit_test_setup(test_remove_of_a_running_one, setup),
                cmocka_unit_test_setup(test_set_of_a_stopped_one, setup),
                cmocka_unit_test_setup(test_set_that_is_refused, setup),
                cmocka_unit_test_setup(test_docker_switched_on_later, setup),
                cmocka_unit_test_setup(test_docker_that_the_network_refuses, setup),
                cmocka_unit_test_setup(test_port_of_another, setup),
                cmocka_unit_test_setup(test_check_says_what_to_do, setup),
                cmocka_unit_test_setup(test_room, setup),
                cmocka_unit_test_setup(test_what_a_build_can_be_asked_for, setup),
                cmocka_unit_test_setup(test_run_needs_a_running_tenant, setup),
                cmocka_unit_test_setup(test_apt_sources, setup),
                cmocka_unit_test_setup(test_no_descriptor_is_lost, setup),
        };

        if (geteuid() != 0) {
                puts("1..0 # SKIP needs root: plugins are only loaded from files that belong to it");
                return 0; /* the skip is in the plan */
        }
        return cmocka_run_group_tests_name("work", tests, unit_root_setup, unit_root_teardown);
}

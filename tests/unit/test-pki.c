/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-pki.c: what the certificates of a tenant let in, and what they keep out; checked with OpenSSL's own
 * verification.
 */
#include "fd.h"
#include "pki.h"
#include "unit.h"
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

static char *const dns[] = { (char *) "acme", (char *) "server.example", NULL };
static char *const addresses[] = { (char *) "10.1.2.3", (char *) "127.0.0.1", NULL };
static const PkiNames names = { .dns = dns, .addresses = addresses };

static time_t clock_error; /* seconds that OpenSSL, and nobody else, finds added to the time */

/* Takes the place of the C library's for all that is linked to it at run time. */
__attribute__((visibility("default"))) time_t time(time_t *ret) {
        struct timespec t;

        clock_gettime(CLOCK_REALTIME, &t);
        t.tv_sec += clock_error;
        if (ret) {
                *ret = t.tv_sec;
        }
        return t.tv_sec;
}

static X509 *parse(const char *pem) {
        BIO *bio = BIO_new_mem_buf(pem, -1);
        X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

        BIO_free(bio);
        assert_non_null(cert);
        return cert;
}

static X509 *read_cert(const char *path) {
        _cleanup_free_ char *text = unit_read(path);

        return parse(text);
}

/*
 * What dockerd and the docker client ask: does `ca` vouch for the certificate, for this purpose, at this
 * time?
 */
static bool verifies(X509 *ca, X509 *cert, int purpose, time_t at) {
        X509_STORE *store = X509_STORE_new();
        X509_STORE_CTX *context = X509_STORE_CTX_new();
        bool ok;

        assert_int_equal(X509_STORE_add_cert(store, ca), 1);
        assert_int_equal(X509_STORE_CTX_init(context, store, cert, NULL), 1);
        X509_STORE_CTX_set_time(context, 0, at);
        assert_int_equal(X509_STORE_CTX_set_purpose(context, purpose), 1);
        ok = X509_verify_cert(context) == 1;
        X509_STORE_CTX_free(context);
        X509_STORE_free(store);
        return ok;
}

static void create(const char *tenant) {
        TenantError e = { 0 };

        assert_ok(e, pki_create(tenant, &names, &e));
}

static void issue(const char *tenant, PkiBundle *ret) {
        TenantError e = { 0 };

        assert_ok(e, pki_issue_client(tenant, "someone@laptop", 30, ret, &e));
}

static void test_files_are_roots_alone(void **state) {
        static const char *const files[] = { "ca.key", "ca.crt", "server.key", "server.crt" };
        struct stat st;

        create("acme");
        assert_int_equal(stat(unit_path("var/lib/tenantd/tenants/acme/pki"), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0700);
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                char path[128];

                snprintf(path, sizeof(path), "var/lib/tenantd/tenants/acme/pki/%s", files[i]);
                assert_int_equal(stat(unit_path(path), &st), 0);
                assert_int_equal(st.st_mode & 07777, 0400);
        }
        assert_int_equal(unit_count("var/lib/tenantd/tenants/acme/pki"), 4);
        assert_int_equal(unit_count("var/lib/tenantd/tenants/acme"), 1);
}

static void test_server_has_its_names_and_no_other(void **state) {
        X509 *server;

        create("acme");
        server = read_cert("var/lib/tenantd/tenants/acme/pki/server.crt");
        assert_int_equal(X509_check_host(server, "acme", 0, 0, NULL), 1);
        assert_int_equal(X509_check_host(server, "server.example", 0, 0, NULL), 1);
        assert_int_equal(X509_check_host(server, "rival", 0, 0, NULL), 0);
        assert_int_equal(X509_check_ip_asc(server, "10.1.2.3", 0), 1);
        assert_int_equal(X509_check_ip_asc(server, "127.0.0.1", 0), 1);
        assert_int_equal(X509_check_ip_asc(server, "10.1.2.4", 0), 0);
        X509_free(server);
}

static void test_purposes_do_not_mix(void **state) {
        PkiBundle bundle = { 0 };
        X509 *ca, *server, *client;
        time_t now = time(NULL);

        create("acme");
        issue("acme", &bundle);
        ca = parse(bundle.ca);
        client = parse(bundle.cert);
        server = read_cert("var/lib/tenantd/tenants/acme/pki/server.crt");
        assert_true(verifies(ca, server, X509_PURPOSE_SSL_SERVER, now));
        assert_false(verifies(ca, server, X509_PURPOSE_SSL_CLIENT, now));
        assert_true(verifies(ca, client, X509_PURPOSE_SSL_CLIENT, now));
        assert_false(verifies(ca, client, X509_PURPOSE_SSL_SERVER, now));
        assert_int_equal(X509_check_ca(client), 0);
        assert_int_equal(X509_check_ca(server), 0);
        assert_int_equal(X509_check_ca(ca), 1);
        assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(client)), 256);
        X509_free(ca);
        X509_free(server);
        X509_free(client);
        pki_bundle_done(&bundle);
        assert_null(bundle.key);
}

static void test_client_of_one_is_nobody_to_another(void **state) {
        PkiBundle acme = { 0 }, rival = { 0 };
        X509 *acme_ca, *rival_ca, *client;

        create("acme");
        create("rival");
        issue("acme", &acme);
        issue("rival", &rival);
        acme_ca = parse(acme.ca);
        rival_ca = parse(rival.ca);
        client = parse(acme.cert);
        assert_true(verifies(acme_ca, client, X509_PURPOSE_SSL_CLIENT, time(NULL)));
        assert_false(verifies(rival_ca, client, X509_PURPOSE_SSL_CLIENT, time(NULL)));
        X509_free(acme_ca);
        X509_free(rival_ca);
        X509_free(client);
        pki_bundle_done(&acme);
        pki_bundle_done(&rival);
}

static void test_bundle_fits_together(void **state) {
        PkiBundle bundle = { 0 };
        BIO *bio;
        EVP_PKEY *key;
        X509 *cert;

        create("acme");
        issue("acme", &bundle);
        cert = parse(bundle.cert);
        bio = BIO_new_mem_buf(bundle.key, -1);
        key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        assert_int_equal(X509_check_private_key(cert, key), 1);
        EVP_PKEY_free(key);
        BIO_free(bio);
        X509_free(cert);
        pki_bundle_done(&bundle);
}

static void test_validity(void **state) {
        const time_t day = 86400, now = time(NULL);
        PkiBundle bundle = { 0 };
        X509 *ca, *server, *client;

        create("acme");
        issue("acme", &bundle);
        ca = parse(bundle.ca);
        client = parse(bundle.cert);
        server = read_cert("var/lib/tenantd/tenants/acme/pki/server.crt");
        assert_true(verifies(ca, client, X509_PURPOSE_SSL_CLIENT, now + 29 * day));
        assert_false(verifies(ca, client, X509_PURPOSE_SSL_CLIENT, now + 31 * day));
        assert_true(verifies(ca, server, X509_PURPOSE_SSL_SERVER, now + 3649 * day));
        assert_false(verifies(ca, server, X509_PURPOSE_SSL_SERVER, now + 3651 * day));
        assert_false(verifies(ca, server, X509_PURPOSE_SSL_SERVER, now - day));
        X509_free(ca);
        X509_free(server);
        X509_free(client);
        pki_bundle_done(&bundle);
}

static void test_create_twice(void **state) {
        TenantError e = { 0 };
        int r;

        create("acme");
        r = pki_create("acme", &names, &e);
        assert_error(e, r, EEXIST, E_FAILED, "docker-rotate acme");
}

static void test_rotation_ends_old_clients(void **state) {
        PkiBundle before = { 0 }, after = { 0 };
        TenantError e = { 0 };
        X509 *old_client, *new_ca, *server;

        create("acme");
        issue("acme", &before);
        assert_ok(e, pki_rotate("acme", &names, &e));
        issue("acme", &after);
        old_client = parse(before.cert);
        new_ca = parse(after.ca);
        server = read_cert("var/lib/tenantd/tenants/acme/pki/server.crt");
        assert_false(verifies(new_ca, old_client, X509_PURPOSE_SSL_CLIENT, time(NULL)));
        assert_true(verifies(new_ca, server, X509_PURPOSE_SSL_SERVER, time(NULL)));
        assert_int_equal(unit_count("var/lib/tenantd/tenants/acme"), 1);
        X509_free(old_client);
        X509_free(new_ca);
        X509_free(server);
        pki_bundle_done(&before);
        pki_bundle_done(&after);
}

static void test_renewal_only_when_needed(void **state) {
        static char *const more[] = { (char *) "acme", (char *) "new.example", NULL };
        const PkiNames wanted = { .dns = more, .addresses = addresses };
        PkiBundle client = { 0 };
        TenantError e = { 0 };
        bool renewed = true;
        X509 *server, *ca;

        create("acme");
        issue("acme", &client);
        assert_ok(e, pki_renew_server("acme", &names, &renewed, &e));
        assert_false(renewed);
        assert_ok(e, pki_renew_server("acme", &wanted, &renewed, &e));
        assert_true(renewed);
        server = read_cert("var/lib/tenantd/tenants/acme/pki/server.crt");
        ca = parse(client.ca);
        assert_int_equal(X509_check_host(server, "new.example", 0, 0, NULL), 1);
        assert_true(verifies(ca, server, X509_PURPOSE_SSL_SERVER,
                             time(NULL))); /* the authority is the old one */
        X509_free(server);
        X509_free(ca);
        pki_bundle_done(&client);
}

/* A clock that was ahead when the tenant was made, or years behind: said, and mended by a rotation. */
static void test_wrong_clock_is_said(void **state) {
        static const time_t errors[] = { 400 * 86400L, -40 * 365 * 86400L };

        for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
                const char *tenant = i == 0 ? "ahead" : "behind";
                PkiBundle bundle = { 0 };
                TenantError e = { 0 };
                bool renewed;
                int r;

                clock_error = errors[i];
                create(tenant);
                clock_error = 0;
                r = pki_issue_client(tenant, "x", 1, &bundle, &e);
                assert_error(e, r, EBADMSG, E_DAMAGED, "docker-rotate");
                r = pki_renew_server(tenant, &names, &renewed, &e);
                assert_error(e, r, EBADMSG, E_DAMAGED, "clock");
                assert_ok(e, pki_rotate(tenant, &names, &e));
                assert_ok(e, pki_issue_client(tenant, "x", 1, &bundle, &e));
                pki_bundle_done(&bundle);
        }
}

static void test_requests_that_are_refused(void **state) {
        static char *const bad_dns[] = { (char *) "a b", NULL }, *const bad_address[] = { (char *) "10.0.0",
                                                                                          NULL };
        char long_name[66];
        PkiBundle bundle = { 0 };
        TenantError e = { 0 };
        int r;

        memset(long_name, 'x', sizeof(long_name) - 1);
        long_name[65] = '\0';
        r = pki_issue_client("acme", "x", 1, &bundle, &e);
        assert_error(e, r, ENOENT, E_NO_SUCH_TENANT, "acme");
        unit_write("var/lib/tenantd/tenants/plain/allocation", "");
        r = pki_issue_client("plain", "x", 1, &bundle, &e);
        assert_error(e, r, ENOENT, E_NOT_SUPPORTED, "has no Docker");
        create("acme");
        r = pki_issue_client("acme", long_name, 1, &bundle, &e);
        assert_error(e, r, EINVAL, E_INVALID_SETTING, "CommonName");
        r = pki_issue_client("acme", "", 1, &bundle, &e);
        assert_error(e, r, EINVAL, E_INVALID_SETTING, "CommonName");
        r = pki_issue_client("acme", "two\nlines", 1, &bundle, &e);
        assert_error(e, r, EINVAL, E_INVALID_SETTING, "CommonName");
        r = pki_issue_client("acme", "x", 0, &bundle, &e);
        assert_error(e, r, EINVAL, E_INVALID_SETTING, "825");
        r = pki_issue_client("acme", "x", 826, &bundle, &e);
        assert_error(e, r, EINVAL, E_INVALID_SETTING, "825");
        r = pki_create("other", &(PkiNames){ .dns = bad_dns }, &e);
        assert_error(e, r, EINVAL, E_INVALID_SETTING, "'a b'");
        r = pki_create("other", &(PkiNames){ .addresses = bad_address }, &e);
        assert_error(e, r, EINVAL, E_INVALID_SETTING, "10.0.0");
        assert_false(unit_exists("var/lib/tenantd/tenants/other"));
}

static void test_damaged_key_is_said(void **state) {
        PkiBundle bundle = { 0 };
        TenantError e = { 0 };
        int r;

        create("acme");
        assert_int_equal(unlink(unit_path("var/lib/tenantd/tenants/acme/pki/ca.key")), 0);
        unit_write("var/lib/tenantd/tenants/acme/pki/ca.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n");
        r = pki_issue_client("acme", "x", 1, &bundle, &e);
        assert_error(e, r, EBADMSG, E_DAMAGED, "ca.key");
        assert_ok(e, pki_rotate("acme", &names, &e));
        assert_ok(e, pki_issue_client("acme", "x", 1, &bundle, &e));
        pki_bundle_done(&bundle);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_files_are_roots_alone, unit_root_empty),
                cmocka_unit_test_setup(test_server_has_its_names_and_no_other, unit_root_empty),
                cmocka_unit_test_setup(test_purposes_do_not_mix, unit_root_empty),
                cmocka_unit_test_setup(test_client_of_one_is_nobody_to_another, unit_root_empty),
                cmocka_unit_test_setup(test_bundle_fits_together, unit_root_empty),
                cmocka_unit_test_setup(test_validity, unit_root_empty),
                cmocka_unit_test_setup(test_create_twice, unit_root_empty),
                cmocka_unit_test_setup(test_rotation_ends_old_clients, unit_root_empty),
                cmocka_unit_test_setup(test_renewal_only_when_needed, unit_root_empty),
                cmocka_unit_test_setup(test_wrong_clock_is_said, unit_root_empty),
                cmocka_unit_test_setup(test_requests_that_are_refused, unit_root_empty),
                cmocka_unit_test_setup(test_damaged_key_is_said, unit_root_empty),
        };

        return cmocka_run_group_tests_name("pki", tests, unit_root_setup, unit_root_teardown);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pki.c: see pki.h. The files of a tenant's certificate authority, always replaced as a whole directory, so
 * that a reader (or a crash) never finds a key beside the certificate of another. Refuses to write a key
 * that anybody but root could read. Owned by the agent's workers; the runner only reads.
 */
#include "pki.h"
#include "fd.h"
#include "io.h"
#include "parse.h"
#include "paths.h"
#include "tree.h"
#include "x509.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>

#define DIRECTORY "pki"
#define DIRECTORY_NEW ".pki.new"
#define AUTHORITY_DAYS 3650u
/* A dockerd may run for years without a restart, and only clients with the tenant's own authority look at it. */
#define SERVER_DAYS AUTHORITY_DAYS
#define RENEW_DAYS 30u
#define CLIENT_DAYS_MAX 825u
#define COMMON_NAME_MAX 64u
#define PEM_MAX (64u * 1024u)

static void wipe_p(char **text) {
        if (*text) {
                explicit_bzero(*text, strlen(*text));
                free(*text);
        }
}

void pki_bundle_done(PkiBundle *b) {
        free(b->ca);
        free(b->cert);
        wipe_p(&b->key);
        *b = (PkiBundle){ 0 };
}

/* tenants/NAME, made when missing and locked against other workers of the same tenant until closed. */
static int tenant_open(const char *tenant, bool make, TenantError *error) {
        _cleanup_close_ int tenants = path_open(PATH_TENANTS), fd = -1;

        if (tenants < 0) {
                return error_set_errno(error, tenants, E_FAILED, "Cannot open %s", path_get(PATH_TENANTS));
        }
        if (make && mkdirat(tenants, tenant, 0700) < 0 && errno != EEXIST) {
                return error_set_errno(error, errno, E_FAILED, "Cannot make %s/%s", path_get(PATH_TENANTS),
                                       tenant);
        }
        fd = open_beneath(tenants, tenant, O_RDONLY | O_DIRECTORY, 0);
        if (fd == -ENOENT) {
                return error_set(error, ENOENT, E_NO_SUCH_TENANT,
                                 "There is no tenant '%s'; see: tenantctl list", tenant);
        }
        if (fd < 0 || flock(fd, LOCK_EX) < 0) {
                return error_set_errno(error, fd < 0 ? fd : errno, E_FAILED, "Cannot lock %s/%s",
                                       path_get(PATH_TENANTS), tenant);
        }
        return TAKE_FD(fd);
}

static int write_file(int dir_fd, const char *name, const char *text) {
        _cleanup_close_ int fd =
                openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
        int r;

        if (fd < 0) {
                return -errno;
        }
        r = fd_write_all(fd, text, strlen(text));
        /* Data on its way now, so that the one fsync of the directory makes the whole set durable. */
        return r < 0                                                                               ? r
               : sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER) < 0 ? -errno
                                                                                                   : 0;
}

static int write_pair(int dir_fd, const char *cert_name, const char *key_name, const X509Pair *pair) {
        _cleanup_(wipe_p) char *key = NULL;
        _cleanup_free_ char *cert = NULL;
        int r = x509_cert_format(pair->cert, &cert);

        if (r < 0) {
                return r;
        }
        r = x509_key_format(pair->key, &key);
        if (r < 0) {
                return r;
        }
        r = write_file(dir_fd, key_name, key);
        return r < 0 ? r : write_file(dir_fd, cert_name, cert);
}

static int write_all(int tenant_fd, const X509Pair *authority, const X509Pair *server) {
        _cleanup_close_ int dir = -1;
        int r = tree_remove(tenant_fd, DIRECTORY_NEW);

        if (r < 0) {
                return r;
        }
        if (mkdirat(tenant_fd, DIRECTORY_NEW, 0700) < 0) {
                return -errno;
        }
        dir = open_beneath(tenant_fd, DIRECTORY_NEW, O_RDONLY | O_DIRECTORY, 0);
        if (dir < 0) {
                return dir;
        }
        r = write_pair(dir, "ca.crt", "ca.key", authority);
        if (r < 0) {
                return r;
        }
        r = write_pair(dir, "server.crt", "server.key", server);
        return r < 0 ? r : fsync(dir) < 0 ? -errno : 0;
}

/* The new directory in place of the old one; `fresh`: there must be none. */
static int put_in_place(int tenant_fd, bool fresh) {
        if (renameat2(tenant_fd, DIRECTORY_NEW, tenant_fd, DIRECTORY, RENAME_NOREPLACE) == 0) {
                return 0;
        }
        if (errno != EEXIST || fresh) {
                return -errno;
        }
        return renameat2(tenant_fd, DIRECTORY_NEW, tenant_fd, DIRECTORY, RENAME_EXCHANGE) < 0 ? -errno : 0;
}

static int exists_already(const char *tenant, TenantError *error) {
        return error_set(
                error, EEXIST, E_FAILED,
                "Tenant '%s' has certificates already; replace them with: tenantctl docker-rotate %s",
                tenant, tenant);
}

static int install(int tenant_fd, const char *tenant, const X509Pair *authority, const X509Pair *server,
                   bool fresh, TenantError *error) {
        int r = write_all(tenant_fd, authority, server), q;

        if (r >= 0) {
                r = put_in_place(tenant_fd, fresh);
        }
        if (r >= 0 && fsync(tenant_fd) < 0) { /* or the old ones might be valid again after a power loss */
                r = -errno;
        }
        q = tree_remove(tenant_fd, DIRECTORY_NEW); /* after an exchange: the old ones */
        if (r == -EEXIST) {
                return exists_already(tenant, error);
        }
        if (r < 0 || q < 0) {
                return error_set_errno(error, r < 0 ? r : q, E_FAILED,
                                       "Cannot write the certificates of tenant '%s' in %s", tenant,
                                       path_get(PATH_TENANTS));
        }
        return 0;
}

/*
 * The subject tells two authorities of one tenant apart, so that an old client certificate is refused by
 * name.
 */
static int authority_make(const char *tenant, X509Pair *ret, TenantError *error) {
        char name[COMMON_NAME_MAX + 1];
        uint32_t mark;

        if (getrandom(&mark, sizeof(mark), 0) != sizeof(mark)) {
                return error_set_errno(error, errno, E_FAILED, "Cannot get random bytes");
        }
        snprintf(name, sizeof(name), "tenantd %.40s %08x", tenant, mark);
        return x509_pair_make(
                &(X509Request){ .role = X509_ROLE_AUTHORITY, .common_name = name, .days = AUTHORITY_DAYS },
                NULL, ret, error);
}

static int server_make(const char *tenant, const PkiNames *names, const X509Pair *authority, X509Pair *ret,
                       TenantError *error) {
        const X509Request request = {
                .role = X509_ROLE_SERVER,
                .common_name = tenant,
                .days = SERVER_DAYS,
                .names = *names,
        };

        return x509_pair_make(&request, authority, ret, error);
}

static int make_both(const char *tenant, const PkiNames *names, bool fresh, TenantError *error) {
        _cleanup_(x509_pair_done) X509Pair authority = { 0 }, server = { 0 };
        _cleanup_close_ int dir = -1;
        int r = authority_make(tenant, &authority, error);

        if (r < 0) {
                return r;
        }
        r = server_make(tenant, names, &authority, &server, error);
        if (r < 0) {
                return r;
        }
        dir = tenant_open(tenant, fresh, error);
        return dir < 0 ? dir : install(dir, tenant, &authority, &server, fresh, error);
}

int pki_create(const char *tenant, const PkiNames *names, TenantError *error) {
        char path[300];

        snprintf(path, sizeof(path), "%s/%s/" DIRECTORY, path_get(PATH_TENANTS), tenant);
        if (access(path, F_OK) ==
            0) { /* asked again in the end; two keys need not be made for this answer */
                return exists_already(tenant, error);
        }
        return make_both(tenant, names, true, error);
}

int pki_rotate(const char *tenant, const PkiNames *names, TenantError *error) {
        return make_both(tenant, names, false, error);
}

static int damaged(const char *tenant, const char *file, int code, TenantError *error) {
        return error_set_errno(error, code, E_DAMAGED,
                               "Cannot read %s/%s/" DIRECTORY
                               "/%s; make new certificates with: tenantctl docker-rotate %s",
                               path_get(PATH_TENANTS), tenant, file, tenant);
}

static int read_pair(int dir_fd, const char *tenant, const char *cert_name, const char *key_name,
                     X509Pair *ret, TenantError *error) {
        _cleanup_(x509_pair_done) X509Pair pair = { 0 };
        _cleanup_(wipe_p) char *key = NULL;
        _cleanup_free_ char *cert = NULL;
        int r = file_read(dir_fd, cert_name, PEM_MAX, &cert, NULL);

        r = r < 0 ? r : x509_cert_parse(cert, &pair.cert);
        if (r < 0) {
                return damaged(tenant, cert_name, r, error);
        }
        r = file_read(dir_fd, key_name, PEM_MAX, &key, NULL);
        r = r < 0 ? r : x509_key_parse(key, &pair.key);
        if (r < 0 || X509_check_private_key(pair.cert, pair.key) != 1) {
                return damaged(tenant, key_name, r < 0 ? r : -EBADMSG, error);
        }
        *ret = (X509Pair){ .cert = TAKE_PTR(pair.cert), .key = TAKE_PTR(pair.key) };
        return 0;
}

static int pki_open(int tenant_fd, const char *tenant, TenantError *error) {
        int fd = open_beneath(tenant_fd, DIRECTORY, O_RDONLY | O_DIRECTORY, 0);

        if (fd == -ENOENT) {
                return error_set(error, ENOENT, E_NOT_SUPPORTED,
                                 "Tenant '%s' has no Docker; set [Docker] Enabled=yes, then: tenantctl "
                                 "docker-rotate %s",
                                 tenant, tenant);
        }
        return fd < 0 ? damaged(tenant, "", fd, error) : fd;
}

/* The files of a tenant that has Docker, locked. */
typedef struct Store {
        int tenant_fd;
        int fd;
        X509Pair authority;
} Store;

static void store_done(Store *s) {
        s->tenant_fd = fd_close(s->tenant_fd);
        s->fd = fd_close(s->fd);
        x509_pair_done(&s->authority);
}

static int store_open(const char *tenant, Store *ret, TenantError *error) {
        *ret = (Store){ .tenant_fd = tenant_open(tenant, false, error), .fd = -1 };
        if (ret->tenant_fd < 0) {
                return ret->tenant_fd;
        }
        ret->fd = pki_open(ret->tenant_fd, tenant, error);
        return ret->fd < 0 ? ret->fd
                           : read_pair(ret->fd, tenant, "ca.crt", "ca.key", &ret->authority, error);
}

/* The clock was wrong when the authority was made, or is now: whatever it signs would be refused. */
static int check_authority(const Store *s, const char *tenant, TenantError *error) {
        static const PkiNames none;

        return x509_serves(s->authority.cert, &none, 0)
                       ? 0
                       : error_set(
                                 error, EBADMSG, E_DAMAGED,
                                 "The certificate authority of tenant '%s' is not valid at this time; when "
                                 "the clock of this host is right, make another: tenantctl docker-rotate %s",
                                 tenant, tenant);
}

/* When the authority itself is about to end, a certificate of its own could not last longer. */
static bool is_good(const Store *s, const char *tenant, const PkiNames *names) {
        static const PkiNames none;
        _cleanup_(x509_pair_done) X509Pair server = { 0 };
        const unsigned days = x509_serves(s->authority.cert, &none, RENEW_DAYS) ? RENEW_DAYS : 0;

        return read_pair(s->fd, tenant, "server.crt", "server.key", &server, NULL) >= 0 &&
               x509_serves(server.cert, names, days);
}

int pki_renew_server(const char *tenant, const PkiNames *names, bool *ret_renewed, TenantError *error) {
        _cleanup_(store_done) Store store;
        _cleanup_(x509_pair_done) X509Pair fresh = { 0 };
        int r = store_open(tenant, &store, error);

        *ret_renewed = false;
        r = r < 0 ? r : check_authority(&store, tenant, error);
        if (r < 0 || is_good(&store, tenant, names)) {
                return r;
        }
        r = server_make(tenant, names, &store.authority, &fresh, error);
        r = r < 0 ? r : install(store.tenant_fd, tenant, &store.authority, &fresh, false, error);
        *ret_renewed = r >= 0;
        return r;
}

static int check_request(const char *common_name, unsigned days, TenantError *error) {
        if (!common_name[0] || strlen(common_name) > COMMON_NAME_MAX ||
            !text_is_safe(common_name, COMMON_NAME_MAX)) {
                return error_set(
                        error, EINVAL, E_INVALID_SETTING,
                        "CommonName must be printable text of 1 to %u bytes, a person's or a machine's name",
                        COMMON_NAME_MAX);
        }
        if (days < 1 || days > CLIENT_DAYS_MAX) {
                return error_set(error, EINVAL, E_INVALID_SETTING, "Days must be 1 to %u", CLIENT_DAYS_MAX);
        }
        return 0;
}

static int bundle_format(const X509Pair *authority, const X509Pair *client, PkiBundle *ret) {
        int r = x509_cert_format(authority->cert, &ret->ca);

        if (r < 0) {
                return r;
        }
        r = x509_cert_format(client->cert, &ret->cert);
        return r < 0 ? r : x509_key_format(client->key, &ret->key);
}

int pki_issue_client(const char *tenant, const char *common_name, unsigned days, PkiBundle *ret,
                     TenantError *error) {
        const X509Request request = { .role = X509_ROLE_CLIENT, .common_name = common_name, .days = days };
        _cleanup_(store_done) Store store = { .tenant_fd = -1, .fd = -1 };
        _cleanup_(x509_pair_done) X509Pair client = { 0 };
        _cleanup_(pki_bundle_done) PkiBundle bundle = { 0 };
        int r = check_request(common_name, days, error);

        r = r < 0 ? r : store_open(tenant, &store, error);
        r = r < 0 ? r : check_authority(&store, tenant, error);
        r = r < 0 ? r : x509_pair_make(&request, &store.authority, &client, error);
        if (r < 0) {
                return r;
        }
        r = bundle_format(&store.authority, &client, &bundle);
        if (r < 0) {
                return error_set_errno(error, r, E_FAILED, "Cannot write the certificate");
        }
        *ret = TAKE_GENERIC(bundle, (PkiBundle){ 0 });
        return 0;
}

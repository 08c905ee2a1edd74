/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x509.c: see x509.h. Makes the few kinds of certificate that a tenant's Docker needs and refuses names it
 * could not write exactly. Serial numbers are random (159 bits), so nothing has to be counted. Reads and
 * writes no file.
 */
#include "x509.h"
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <string.h>

#define CLOCK_SKEW_SECONDS 300
#define DAY_SECONDS 86400L

static void bio_free_p(BIO **b) {
        BIO_free_all(*b);
}

static void bignum_free_p(BIGNUM **b) {
        BN_free(*b);
}

static void general_names_free_p(GENERAL_NAMES **n) {
        GENERAL_NAMES_free(*n);
}

static void extension_free_p(X509_EXTENSION **e) {
        X509_EXTENSION_free(*e);
}

static void asn1_string_free_p(ASN1_STRING **s) {
        ASN1_STRING_free(*s);
}

void x509_pair_done(X509Pair *p) {
        X509_free(p->cert);
        EVP_PKEY_free(p->key);
        *p = (X509Pair){ 0 };
}

static int crypto_error(TenantError *error, const char *what) {
        char reason[160] = "out of memory";
        unsigned long code = ERR_peek_last_error();

        if (code) {
                ERR_error_string_n(code, reason, sizeof(reason));
        }
        ERR_clear_error();
        return error_set(error, EIO, E_FAILED, "Cannot make %s: %s", what, reason);
}

static bool serial_set(X509 *cert) {
        _cleanup_(bignum_free_p) BIGNUM *serial = BN_new();

        return serial && BN_rand(serial, 159, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
               BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert));
}

static bool validity_set(X509 *cert, unsigned days, const X509 *authority) {
        if (!X509_gmtime_adj(X509_getm_notBefore(cert), -CLOCK_SKEW_SECONDS) ||
            !X509_gmtime_adj(X509_getm_notAfter(cert), (long) days * DAY_SECONDS)) {
                return false;
        }
        if (authority && ASN1_TIME_compare(X509_get0_notAfter(cert), X509_get0_notAfter(authority)) > 0) {
                return X509_set1_notAfter(cert, X509_get0_notAfter(authority));
        }
        return true;
}

static bool subject_set(X509 *cert, const char *common_name, X509 *authority) {
        X509_NAME *name = X509_get_subject_name(cert);

        return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *) common_name, -1,
                                          -1, 0) &&
               X509_set_issuer_name(cert, authority ? X509_get_subject_name(authority) : name);
}

static bool extension_add(X509 *cert, X509 *issuer, int nid, const char *value) {
        _cleanup_(extension_free_p) X509_EXTENSION *e = NULL;
        X509V3_CTX context;

        X509V3_set_ctx_nodb(&context);
        X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
        e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
        return e && X509_add_ext(cert, e, -1);
}

static bool extensions_add(X509 *cert, X509 *issuer, X509Role role) {
        bool ca = role == X509_ROLE_AUTHORITY;

        return extension_add(cert, issuer, NID_basic_constraints,
                             ca ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE") &&
               extension_add(cert, issuer, NID_key_usage,
                             ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature") &&
               extension_add(cert, issuer, NID_subject_key_identifier, "hash") &&
               (ca || extension_add(cert, issuer, NID_authority_key_identifier, "keyid:always")) &&
               (ca || extension_add(cert, issuer, NID_ext_key_usage,
                                    role == X509_ROLE_SERVER ? "serverAuth" : "clientAuth"));
}

static bool dns_name_is_valid(const char *name) {
        size_t n = strlen(name);

        return n > 0 && n <= 253 && name[0] != '.' && name[0] != '-' &&
               strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") == n;
}

static bool name_push(GENERAL_NAMES *names, int type, ASN1_STRING *value) {
        GENERAL_NAME *name = GENERAL_NAME_new();

        if (!name) {
                ASN1_STRING_free(value);
                return false;
        }
        GENERAL_NAME_set0_value(name, type, value);
        if (!sk_GENERAL_NAME_push(names, name)) {
                GENERAL_NAME_free(name);
                return false;
        }
        return true;
}

static bool name_push_bytes(GENERAL_NAMES *names, int type, int string_type, const void *data, int size) {
        _cleanup_(asn1_string_free_p) ASN1_STRING *value = ASN1_STRING_type_new(string_type);

        return value && ASN1_STRING_set(value, data, size) && name_push(names, type, TAKE_PTR(value));
}

/* 4 or 16 bytes in network order; 0: not an address. */
static int address_parse(const char *text, unsigned char ret[static 16]) {
        return inet_pton(AF_INET, text, ret) == 1 ? 4 : inet_pton(AF_INET6, text, ret) == 1 ? 16 : 0;
}

static int names_collect(const PkiNames *from, GENERAL_NAMES *to, TenantError *error) {
        for (char *const *p = from->dns; p && *p; p++) {
                if (!dns_name_is_valid(*p)) {
                        return error_set(error, EINVAL, E_INVALID_SETTING,
                                         "'%s' is not a DNS name that a certificate can carry; correct "
                                         "[Docker] ServerName=",
                                         *p);
                }
                if (!name_push_bytes(to, GEN_DNS, V_ASN1_IA5STRING, *p, (int) strlen(*p))) {
                        return -ENOMEM;
                }
        }
        for (char *const *p = from->addresses; p && *p; p++) {
                unsigned char bytes[16];
                int size = address_parse(*p, bytes);

                if (size == 0) {
                        return error_set(error, EINVAL, E_INVALID_SETTING, "'%s' is not an IP address", *p);
                }
                if (!name_push_bytes(to, GEN_IPADD, V_ASN1_OCTET_STRING, bytes, size)) {
                        return -ENOMEM;
                }
        }
        return 0;
}

static int names_add(X509 *cert, const PkiNames *names, TenantError *error) {
        _cleanup_(general_names_free_p) GENERAL_NAMES *list = sk_GENERAL_NAME_new_null();
        int r = list ? names_collect(names, list, error) : -ENOMEM;

        if (r < 0) {
                return r == -ENOMEM ? crypto_error(error, "a list of names") : r;
        }
        if (sk_GENERAL_NAME_num(list) > 0 &&
            X509_add1_ext_i2d(cert, NID_subject_alt_name, list, 0, 0) != 1) {
                return crypto_error(error, "the alternative names");
        }
        return 0;
}

int x509_pair_make(const X509Request *request, const X509Pair *authority, X509Pair *ret,
                   TenantError *error) {
        _cleanup_(x509_pair_done) X509Pair pair = { .key = EVP_EC_gen("P-256"), .cert = X509_new() };
        X509 *issuer = authority ? authority->cert : pair.cert;
        int r;

        if (!pair.key || !pair.cert) {
                return crypto_error(error, "a key");
        }
        if (!X509_set_version(pair.cert, X509_VERSION_3) || !serial_set(pair.cert) ||
            !validity_set(pair.cert, request->days, authority ? authority->cert : NULL) ||
            !subject_set(pair.cert, request->common_name, authority ? authority->cert : NULL) ||
            !X509_set_pubkey(pair.cert, pair.key) || !extensions_add(pair.cert, issuer, request->role)) {
                return crypto_error(error, "a certificate");
        }
        r = request->role == X509_ROLE_SERVER ? names_add(pair.cert, &request->names, error) : 0;
        if (r < 0) {
                return r;
        }
        if (!X509_sign(pair.cert, authority ? authority->key : pair.key, EVP_sha256())) {
                return crypto_error(error, "a signature");
        }
        *ret = (X509Pair){ .cert = TAKE_PTR(pair.cert), .key = TAKE_PTR(pair.key) };
        return 0;
}

static int bio_take(BIO *bio, char **ret) {
        char *data, *copy;
        long size = BIO_get_mem_data(bio, &data);

        copy = size > 0 ? malloc((size_t) size + 1) : NULL;
        if (!copy) {
                return -ENOMEM;
        }
        memcpy(copy, data, (size_t) size);
        copy[size] = '\0';
        *ret = copy;
        return 0;
}

int x509_cert_format(X509 *cert, char **ret) {
        _cleanup_(bio_free_p) BIO *bio = BIO_new(BIO_s_mem());

        return bio && PEM_write_bio_X509(bio, cert) ? bio_take(bio, ret) : -ENOMEM;
}

int x509_key_format(EVP_PKEY *key, char **ret) {
        _cleanup_(bio_free_p) BIO *bio = BIO_new(BIO_s_secmem()); /* wipes itself */

        return bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) ? bio_take(bio, ret)
                                                                                         : -ENOMEM;
}

int x509_cert_parse(const char *pem, X509 **ret) {
        _cleanup_(bio_free_p) BIO *bio = BIO_new_mem_buf(pem, -1);
        X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

        ERR_clear_error();
        *ret = cert;
        return cert ? 0 : -EBADMSG;
}

/* A key of ours is never encrypted: nobody is asked for a pass phrase. */
static int no_passphrase(char *buffer, int size, int writing, void *userdata) {
        return -1;
}

int x509_key_parse(const char *pem, EVP_PKEY **ret) {
        _cleanup_(bio_free_p) BIO *bio = BIO_new_mem_buf(pem, -1);
        EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;

        ERR_clear_error();
        *ret = key;
        return key ? 0 : -EBADMSG;
}

bool x509_serves(X509 *cert, const PkiNames *names, unsigned days) {
        int ends_in_days, seconds;

        if (X509_cmp_current_time(X509_get0_notBefore(cert)) >= 0 ||
            !ASN1_TIME_diff(&ends_in_days, &seconds, NULL, X509_get0_notAfter(cert)) || seconds < 0 ||
            ends_in_days < (int) days) {
                return false;
        }
        for (char *const *p = names->dns; p && *p; p++) {
                if (X509_check_host(cert, *p, 0, 0, NULL) != 1) {
                        return false;
                }
        }
        for (char *const *p = names->addresses; p && *p; p++) {
                if (X509_check_ip_asc(cert, *p, 0) != 1) {
                        return false;
                }
        }
        return true;
}

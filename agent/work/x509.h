/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x509.h: keys and certificates in memory, ECDSA P-256 with SHA-256. Internal to agent/work; files are
 * pki.c's.
 */
#pragma once

#include "pki.h"
#include <openssl/evp.h>
#include <openssl/x509.h>

typedef struct X509Pair {
        X509 *cert;
        EVP_PKEY *key;
} X509Pair;

void x509_pair_done(X509Pair *p);

/* What a certificate is for, by its extensions. */
typedef enum X509Role {
        X509_ROLE_AUTHORITY, /* signs, and only end certificates */
        X509_ROLE_SERVER,
        X509_ROLE_CLIENT,
} X509Role;

typedef struct X509Request {
        X509Role role;
        const char *common_name;
        unsigned days;
        PkiNames names; /* of a server */
} X509Request;

/*
 * A new key and its certificate, signed by `authority`, or by itself when that is NULL. Never outlives its
 * authority.
 */
int x509_pair_make(const X509Request *request, const X509Pair *authority, X509Pair *ret, TenantError *error)
        _must_check_;

/* PEM texts; free, the key's after an explicit_bzero. -ENOMEM. */
int x509_cert_format(X509 *cert, char **ret) _must_check_;
int x509_key_format(EVP_PKEY *key, char **ret) _must_check_;

/* -EBADMSG. */
int x509_cert_parse(const char *pem, X509 **ret) _must_check_;
int x509_key_parse(const char *pem, EVP_PKEY **ret) _must_check_;

/* True when the certificate holds for every name and for at least `days` more. */
bool x509_serves(X509 *cert, const PkiNames *names, unsigned days);

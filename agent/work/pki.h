/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pki.h: a certificate authority per tenant: /var/lib/tenantd/tenants/NAME/pki (0700) with ca.key ca.crt
 * server.key server.crt (0400), always replaced together. ECDSA P-256, random serial numbers, TLS server and
 * client certificates by extended key usage. Any client certificate of a tenant's authority is root of that
 * tenant's Docker and of nothing else. The authority's key never leaves the directory; the server's key
 * reaches the tenant at its start (agent/run/docker.c reads ca.crt server.crt server.key).
 */
#pragma once

#include "cleanup.h"
#include "error.h"

/* Subject alternative names of the server. NULL-terminated vectors. */
typedef struct PkiNames {
        char *const *dns;
        char *const *addresses;
} PkiNames;

/*
 * Makes authority and server certificate. Validity: 10 years both. Atomic; -EEXIST
 * when there.
 */
int pki_create(const char *tenant, const PkiNames *names, TenantError *error) _must_check_;

/*
 * New authority and server certificate: every client certificate handed out before is refused once dockerd
 * has them. Atomic.
 */
int pki_rotate(const char *tenant, const PkiNames *names, TenantError *error) _must_check_;

/*
 * New server certificate of the same authority, whose clients stay valid, when the present one ends in less than 30
 * days (and the authority does not) or lacks a name.
 */
int pki_renew_server(const char *tenant, const PkiNames *names, bool *ret_renewed, TenantError *error)
        _must_check_;

typedef struct PkiBundle {
        char *ca; /* PEM */
        char *cert; /* PEM */
        char *key; /* PEM; erased by pki_bundle_done */
} PkiBundle;

void pki_bundle_done(PkiBundle *b);

/*
 * A new client certificate. common_name: printable, at most 64; days 1..825. -ENOENT NotSupported: the
 * tenant has no Docker.
 */
int pki_issue_client(const char *tenant, const char *common_name, unsigned days, PkiBundle *ret,
                     TenantError *error) _must_check_;

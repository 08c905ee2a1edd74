/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * docker.h: Docker as a capability of a tenant, seen from the host: names, endpoint, rotation in the running
 * tenant.
 */
#pragma once

#include "backends.h"

/*
 * tcp://SERVER:PORT as a customer uses it. SERVER: [Docker] ServerName= of tenantd.conf, else the address of
 * the interface of the default route, else the tenant's own address with port 2376. The caller frees.
 */
int docker_endpoint(const Definition *d, const Allocation *a, char **ret, TenantError *error) _must_check_;

/*
 * The server certificate's names: tenant name, host name, ServerName, addresses of host and tenant,
 * localhost. strv_free both.
 */
int docker_names(const Definition *d, const Allocation *a, char ***ret_dns, char ***ret_addresses,
                 TenantError *error) _must_check_;

/*
 * A new server certificate where the present one lacks a name that the tenant has now, such as the host's new address.
 * A dockerd that runs has it from its tenant's next start: restarting it would end the customer's containers; so it
 * is said in the log. -ENOENT NotSupported: no certificates.
 */
int docker_renew_certificate(const Definition *d, const Allocation *a, const struct tenant_host *host,
                             TenantError *error) _must_check_;

/*
 * Files of the present server certificate into a running tenant's /run/tenantd-docker, then dockerd
 * restarted inside.
 */
int docker_push_certificates(const char *name, const struct tenant_host *host, TenantError *error)
        _must_check_;

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guest.h: what a tenant is told by its host: systemd's container interface, name, DNS, Docker's certificates. Collected by the
 * composer as host root, written by the child as the tenant's root.
 */
#pragma once

#include "allocation.h"

typedef struct Guest {
        const char *name;
        const char *uuid; /* 36 characters */
        bool docker;
        char *docker_ca, *docker_cert, *docker_key; /* PEM */
        char *resolv_conf; /* NULL: the image's own is used */
} Guest;

void guest_done(Guest *g);

/* Reads certificates and DNS settings. -ENOENT HostNotReady: no certificates (tenantctl docker-rotate makes new ones). */
int guest_collect(const Definition *d, const Allocation *a, Guest *ret, TenantError *error) _must_check_;

/*
 * In the child, with the tenant's root tree at root_fd and its fresh /run mounted: container interface, drop-ins and
 * certificates below /run, resolv.conf. What the tenant's tree has made of a path (a link, a device) is refused or left alone.
 */
int guest_write(const Guest *g, int root_fd, TenantError *error) _must_check_;

/*
 * At a tenant's first start: its machine id and name into the root tree, unless the upper layer has a name already, which is not empty.
 */
int guest_first_start(const Guest *g, int volume_fd, int root_fd, TenantError *error) _must_check_;

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * docker-layout.h: where a tenant's Docker listens and finds its certificates, inside: written by the start (agent/run),
 * replaced by a rotation (agent/work). The names of the files are those of dockerd's DOCKER_CERT_PATH.
 */
#pragma once

#define DOCKER_TLS_PORT 2376u

/* Of the tenant's root; a small read-only tmpfs of its own. */
#define DOCKER_DIRECTORY "run/tenantd-docker"
#define DOCKER_CA "ca.pem"
#define DOCKER_CERT "cert.pem"
#define DOCKER_KEY "key.pem"
#define DOCKER_PUBLIC_MODE 0444
#define DOCKER_KEY_MODE 0400

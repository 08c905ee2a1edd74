/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* image-store.h: from a stream of tar to an image: what import and build share. Internal to agent/work. */
#pragma once

#include "cleanup.h"
#include "error.h"
#include "host.h"

/* A second source of events while an image is received: the program that writes the tar. */
typedef struct ImageProducer {
        int fd; /* polled for reading; set to -1 by ready when it has ended */
        int (*ready)(struct ImageProducer *self, const struct tenant_host *host, TenantError *error);
        /* After the archive was read: did the producer end well? Its error is told before the unpacker's. */
        int (*finish)(struct ImageProducer *self, const struct tenant_host *host, TenantError *error);
        void *userdata;
} ImageProducer;

/*
 * The right to make or remove image NAME (exclusive), or to rely on it while a tenant is created (shared): a
 * lock that ends with the descriptor. Does not wait: -EBUSY Busy.
 */
int image_lock(const char *name, bool exclusive, TenantError *error) _must_check_;

/* -EEXIST ImageExists, before work is spent; the name is checked too. */
int image_check_new(const char *name, TenantError *error) _must_check_;

/*
 * Unpacks the tar at fd into image NAME and commits it; nothing is left behind on error. producer: NULL for
 * a file. The caller holds image_lock.
 */
int image_receive(const char *name, int fd, const char *source, ImageProducer *producer,
                  const struct tenant_host *host, TenantError *error) _must_check_;

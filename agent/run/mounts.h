/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mounts.h: a tenant's mounts, made by the child in the tenant's mount and user namespace. Targets below the tenant's root are
 * opened with openat2 and never through a link, since the tenant wrote that tree in its last life.
 */
#pragma once

#include "error.h"
#include <stdbool.h>
#include <sys/types.h>

/*
 * Puts the volume over /run/tenantd (of this mount namespace only), the image below it, and the overlay of both.
 * Returns O_PATH|O_DIRECTORY of the overlay's root, which is also the working directory then.
 */
int mounts_root(int volume_fd, int image_fd, TenantError *error) __attribute__((warn_unused_result));

/* Docker's two stores: directories of the volume over /var/lib/docker and /var/lib/containerd. */
int mounts_docker(int volume_fd, int root_fd, TenantError *error) __attribute__((warn_unused_result));

/* Fresh proc, sysfs, cgroup2 of the tenant's namespaces, unmasked, and /run. */
int mounts_api(int root_fd, TenantError *error) __attribute__((warn_unused_result));

/* The notify socket of the runner, opened before mounts_root() covers its place: a detached mount. */
int mounts_notify_open(const char *name, TenantError *error) __attribute__((warn_unused_result));
int mounts_notify(int notify_mount, int root_fd, TenantError *error) __attribute__((warn_unused_result));

/*
 * For the composer: what becomes /dev, a tmpfs with the harmless devices as nodes of the tenant's own, which belong to `owner`. Made by the
 * host's root, since a node on a file system of the tenant's own would not open. A detached mount.
 */
int mounts_dev_create(uid_t owner, bool fuse, TenantError *error) __attribute__((warn_unused_result));

/*
 * Puts that over /dev, and into it a devpts, shm, mqueue and a console pty. ret_console: slave; ret_master: for the runner.
 */
int mounts_dev(int dev_mount, int root_fd, int *ret_console, int *ret_master, TenantError *error)
        __attribute__((warn_unused_result));

/* Makes the working directory, which is root_fd, the root, and lets go of everything of the host. */
int mounts_pivot(TenantError *error) __attribute__((warn_unused_result));

/* Binds what `mount_fd` (detached) holds over the existing file or directory `target`. */
int mounts_place(int mount_fd, int root_fd, const char *target, TenantError *error)
        __attribute__((warn_unused_result));

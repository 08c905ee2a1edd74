/* SPDX-License-Identifier: MIT */
/* tenant-storage.h: operations of a storage backend: a tenant's volume under one limit. */
#pragma once

#include "tenant-plugin.h"

/* What a backend can do beyond provision, attach and destroy; callers ask before they offer a verb. */
enum tenant_storage_capabilities {
        TENANT_STORAGE_LIMIT_BYTES = 1u << 0,
        TENANT_STORAGE_LIMIT_INODES = 1u << 1,
        TENANT_STORAGE_RESIZE = 1u << 2, /* live */
};

struct tenant_storage_usage {
        uint32_t struct_size;
        uint64_t bytes; /* UINT64_MAX: not known without walking the tree */
        uint64_t bytes_limit; /* UINT64_MAX: none */
        uint64_t inodes;
        uint64_t inodes_limit;
};

/*
 * The volume's directories, made by provision, owned by the tenant's root (id_base), mode 0700 for the top and 0755 below:
 *   upper work     of the root overlay; work must be empty of foreign files
 *   lower root     empty mount points
 *   docker         the tenant's /var/lib/docker
 *   containerd     the tenant's /var/lib/containerd
 */
#define TENANT_VOLUME_DIRECTORIES                                                                           \
        { "upper", "work", "lower", "root", "docker", "containerd" }

struct tenant_storage_ops {
        uint32_t struct_size;
        uint32_t capabilities;

        /*
         * provision: make the volume NAME below store_fd, empty, with its limits set (and read back) before the first write.
         *   When        CreateTenant
         *   Context     worker
         *   Ownership   store_fd: directory, mode 0700, host root's; stays the caller's
         *   Units       bytes, inodes
         *   Errors      -EEXIST TenantExists, -ENOSPC NoSpace, -ENOTSUP HostNotReady; nothing is left behind on error
         *   Idempotent  no: a second call is -EEXIST
         *   If NULL     the plugin is refused
         */
        int (*provision)(const struct tenant_context *context, int store_fd, struct tenant_error *error);

        /*
         * attach: a detached mount of the volume's top directory, for the tenant's mount namespace: nodev, nosuid cleared,
         * not visible in the host's mount table.
         *   When        every start
         *   Context     composer
         *   Ownership   *ret_mount_fd passes to the caller
         *   Errors      -ENOENT NoSuchVolume, -ENOTSUP HostNotReady (the limit is not in force any more)
         *   Idempotent  yes; each call gives another mount
         *   If NULL     the plugin is refused
         */
        int (*attach)(const struct tenant_context *context, int store_fd, int *ret_mount_fd,
                      struct tenant_error *error);

        /*
         * detach: undo of attach on the host's side.
         *   When every stop   Context release   Errors -errno   Idempotent yes   If NULL nothing to undo
         */
        int (*detach)(const struct tenant_context *context, int store_fd, struct tenant_error *error);

        /*
         * resize: bring the limits to context->values.
         *   When        Set(Size, Inodes), the tenant may run
         *   Context     worker
         *   Units       bytes, inodes
         *   Errors      -EDQUOT QuotaExceeded: below what is used now
         *   Idempotent  yes
         *   If NULL     NotSupported
         */
        int (*resize)(const struct tenant_context *context, int store_fd, struct tenant_error *error);

        /*
         * usage: what the volume holds now.
         *   When GetUsage()   Context agent: must not block, must not walk   Errors -errno   Idempotent yes   If NULL not known
         */
        int (*usage)(const struct tenant_context *context, int store_fd,
                     struct tenant_storage_usage *ret_usage, struct tenant_error *error);

        /*
         * destroy: remove the volume and its limits. The tree is hostile: no symlink may be followed, no mount crossed.
         *   When        RemoveTenant, the tenant is stopped; also undo of a failed create
         *   Context     worker
         *   Errors      -errno; what is left is removed by the next call
         *   Idempotent  yes; a missing volume is fine
         *   If NULL     the plugin is refused
         */
        int (*destroy)(const struct tenant_context *context, int store_fd, struct tenant_error *error);

        /*
         * fit: can this backend work on the file system of this store, now? probe sees the host only, fit sees the store.
         *   When        Backend=auto, CheckHost, and before a tenant is created, after probe
         *   Context     agent, worker, composer: must not block, no change is made
         *   Ownership   store_fd stays the caller's
         *   Errors      -ENOTSUP HostNotReady: it cannot; the message says what to do (mkfs or tune2fs feature, mount option, module)
         *   Idempotent  yes
         *   If NULL     any store will do
         */
        int (*fit)(const struct tenant_host *host, int store_fd, struct tenant_error *error);

        /*
         * collect: finish what a crash interrupted in this store: half-made and half-removed volumes, and limits that belong to
         * them. The volume of a tenant, and one that is complete but belongs to nobody in the list, is never touched. The
         * common gc of tenant-plugin.h has no store; storage backends have this instead.
         *   When        as gc; other operations may run at the same time
         *   Context     worker
         *   Ownership   store_fd stays the caller's; living is borrowed
         *   Errors      -errno of the first leftover that could not be finished; the others are finished all the same
         *   Idempotent  yes
         *   If NULL     nothing to collect
         */
        int (*collect)(const struct tenant_host *host, int store_fd, const struct tenant_context *living,
                       size_t n_living, struct tenant_error *error);
};

/* SPDX-License-Identifier: MIT */
/* tenant-namespace.h: operations of a namespace backend: which namespaces and id maps a tenant gets, and how to enter them. */
#pragma once

#include "tenant-plugin.h"

/* One line of uid_map or gid_map, in the kernel's order (user_namespaces(7)). */
struct tenant_idmap {
        uint32_t inside;
        uint32_t outside;
        uint32_t count;
};

#define TENANT_IDMAP_MAX 8

struct tenant_namespace_plan {
        uint32_t struct_size;
        uint64_t clone_flags; /* CLONE_NEW* for clone3(2) */
        uint32_t
                creator_uid; /* effective uid of the process that creates the user namespace; ucounts are charged to it */
        struct tenant_idmap uid_map[TENANT_IDMAP_MAX];
        uint32_t n_uid_map;
        struct tenant_idmap gid_map[TENANT_IDMAP_MAX];
        uint32_t n_gid_map;
};

struct tenant_namespace_ops {
        uint32_t struct_size;

        /*
         * describe: the plan for the clone.
         *   When        every start, before the cgroup is prepared
         *   Context     composer; no side effect
         *   Ownership   *ret_plan is the host's, filled in
         *   Errors      -EINVAL InvalidSetting
         *   Idempotent  yes
         *   If NULL     the plugin is refused
         */
        int (*describe)(const struct tenant_context *context, struct tenant_namespace_plan *ret_plan,
                        struct tenant_error *error);

        /*
         * enter: join the namespaces of a running tenant with the calling thread and become its root (for Run and exec).
         *   When        after fork, in a process of one thread that forks once more for the one that will exec: a pid namespace
         *               is joined by children only (setns(2)); the caller closed every descriptor that must not cross
         *   Context     worker
         *   Ownership   init_pidfd stays the caller's
         *   Errors      -ESRCH NotRunning: the tenant is gone
         *   Idempotent  no: call once
         *   If NULL     Run and exec are NotSupported
         */
        int (*enter)(const struct tenant_context *context, int init_pidfd, struct tenant_error *error);
};

/* SPDX-License-Identifier: MIT */
/* tenant-cgroup.h: operations of a cgroup backend: where a tenant's processes live and what they may consume. */
#pragma once

#include "tenant-plugin.h"
#include <sys/types.h>

/* UINT64_MAX: not known on this host (no controller). */
struct tenant_cgroup_usage {
        uint32_t struct_size;
        uint64_t memory_bytes;
        uint64_t memory_peak_bytes;
        uint64_t memory_limit_bytes;
        uint64_t swap_bytes;
        uint64_t cpu_usec; /* consumed since start */
        uint64_t cpu_throttled_usec;
        uint64_t pids;
        uint64_t pids_limit;
        uint64_t io_read_bytes;
        uint64_t io_write_bytes;
        uint64_t oom_kills;
};

struct tenant_cgroup_ops {
        uint32_t struct_size;

        /*
         * prepare: make the payload cgroup below the unit's delegated one, with its limits, ready for CLONE_INTO_CGROUP.
         *   When        every start, before the clone
         *   Context     composer; it and the runner are in the unit's cgroup and must be moved to a leaf of their own first
         *   Ownership   unit_fd (directory of the unit's cgroup) stays the caller's; *ret_payload_fd passes to the caller
         *   Units       as in the settings table
         *   Errors      -ENOTSUP HostNotReady: an explicit limit needs a controller that the unit was not delegated
         *   Idempotent  yes: a payload cgroup of an earlier life, with all in it, is removed and made again
         *   If NULL     the plugin is refused
         */
        int (*prepare)(const struct tenant_context *context, int unit_fd, pid_t runner, int *ret_payload_fd,
                       struct tenant_error *error);

        /*
         * update: bring the limits of a running tenant to context->values.
         *   When        Set() of live settings
         *   Context     worker
         *   Ownership   payload_fd stays the caller's
         *   Errors      -EINVAL InvalidSetting, -ENOTSUP HostNotReady; on error the earlier limits are restored
         *   Idempotent  yes
         *   If NULL     settings take effect at the next start
         */
        int (*update)(const struct tenant_context *context, int payload_fd, struct tenant_error *error);

        /*
         * usage: counters of a running tenant.
         *   When        GetUsage(), tenantctl usage
         *   Context     agent: must not block
         *   Ownership   ret_usage is the caller's
         *   Errors      -ENODEV: the tenant is gone
         *   Idempotent  yes
         *   If NULL     no counters of this kind
         */
        int (*usage)(const struct tenant_context *context, int payload_fd,
                     struct tenant_cgroup_usage *ret_usage, struct tenant_error *error);

        /*
         * freeze: stop (frozen true) or continue every process of the tenant; returns when the kernel says so, 5 s at most.
         *   When not called by this version of the agent   Context worker   Errors -ETIMEDOUT Busy
         *   Idempotent yes   If NULL NotSupported
         */
        int (*freeze)(const struct tenant_context *context, int payload_fd, bool frozen,
                      struct tenant_error *error);

        /*
         * kill: SIGKILL to every process of the payload at once (cgroup.kill).
         *   When not called by this version of the agent; release has to do the same   Context release   Errors -errno
         *   Idempotent yes   If NULL release and systemd's own kill are enough
         */
        int (*kill)(const struct tenant_context *context, int payload_fd, struct tenant_error *error);

        /*
         * release: undo of prepare: kill what is left and remove the payload's cgroups below unit_fd.
         *   When        every stop, after the last process is gone or must go
         *   Context     release
         *   Ownership   unit_fd stays the caller's
         *   Errors      -EBUSY: processes would not die in 5 s; the rest was done
         *   Idempotent  yes; missing cgroups are fine
         *   If NULL     systemd removes them with the unit's
         */
        int (*release)(const struct tenant_context *context, int unit_fd, struct tenant_error *error);

        /*
         * fit: can this host keep the limits that the operator wrote, now? probe sees the host only, fit sees the settings too.
         *   When        before a tenant is created, and before Set changes settings of this kind
         *   Context     agent, worker: must not block, no change is made
         *   Ownership   nothing passes
         *   Errors      -ENOTSUP HostNotReady: it cannot; with the text that prepare would have
         *   Idempotent  yes
         *   If NULL     the start will tell
         */
        int (*fit)(const struct tenant_context *context, struct tenant_error *error);
};

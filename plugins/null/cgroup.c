/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cgroup.c: cgroup-null, a test double: takes limits and enforces none; the payload is the unit itself.
 * Never shipped. */
#include "null.h"
#include "tenant-cgroup.h"
#include <fcntl.h>

static int cgroup_validate(const struct tenant_context *context, struct tenant_error *error) {
        static const char *const operations[] = { "validate", "prepare", "update",  "usage",
                                                  "freeze",   "kill",    "release", "fit" };

        return null_validate(context, operations, sizeof(operations) / sizeof(operations[0]), error);
}

static int cgroup_prepare(const struct tenant_context *context, int unit_fd, pid_t runner,
                          int *ret_payload_fd, struct tenant_error *error) {
        int fd, r = null_operation(context, "prepare", true, error);

        if (r < 0) {
                return r;
        }
        fd = fcntl(unit_fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0) {
                return tenant_error_set(error, -errno, "Failed",
                                        "cannot duplicate the unit's descriptor: %s", strerror(errno));
        }
        *ret_payload_fd = fd;
        return 0;
}

static int cgroup_update(const struct tenant_context *context, int payload_fd, struct tenant_error *error) {
        return null_operation(context, "update", false, error);
}

static int cgroup_usage(const struct tenant_context *context, int payload_fd,
                        struct tenant_cgroup_usage *ret_usage, struct tenant_error *error) {
        uint32_t size = ret_usage->struct_size;

        memset(ret_usage, 0xff, size); /* UINT64_MAX: not known */
        ret_usage->struct_size = size;
        return null_operation(context, "usage", false, error);
}

static int cgroup_freeze(const struct tenant_context *context, int payload_fd, bool frozen,
                         struct tenant_error *error) {
        return null_operation(context, "freeze", false, error);
}

static int cgroup_kill(const struct tenant_context *context, int payload_fd, struct tenant_error *error) {
        return null_operation(context, "kill", false, error);
}

static int cgroup_release(const struct tenant_context *context, int unit_fd, struct tenant_error *error) {
        return null_operation(context, "release", false, error);
}

static int cgroup_fit(const struct tenant_context *context, struct tenant_error *error) {
        return null_operation(context, "fit", false, error);
}

/* The keys that tests of the bus set, as cgroup-v2 has them. */
static const struct tenant_setting settings[] = {
        NULL_FAIL_SETTING,
        { .key = "MemoryMax",
          .type = TENANT_TYPE_SIZE,
          .flags = TENANT_SETTING_LIVE,
          .minimum = 4u << 20,
          .maximum = UINT64_MAX,
          .unit = "bytes",
          .help = "taken and ignored" },
        { .key = "CPUQuota",
          .type = TENANT_TYPE_PERCENT,
          .flags = TENANT_SETTING_LIVE,
          .minimum = 1,
          .maximum = 1000000,
          .unit = "percent of one processor",
          .help = "taken and ignored" },
        { .key = "TasksMax",
          .type = TENANT_TYPE_COUNT,
          .flags = TENANT_SETTING_LIVE,
          .minimum = 16,
          .maximum = UINT64_MAX,
          .unit = "tasks",
          .default_value = "16384",
          .help = "taken and ignored" },
};

static const struct tenant_cgroup_ops ops = {
        .struct_size = sizeof(ops),
        .prepare = cgroup_prepare,
        .update = cgroup_update,
        .usage = cgroup_usage,
        .freeze = cgroup_freeze,
        .kill = cgroup_kill,
        .release = cgroup_release,
        .fit = cgroup_fit,
};

static const struct tenant_plugin plugin = {
        .struct_size = sizeof(plugin),
        .abi = TENANT_PLUGIN_ABI,
        .kind = TENANT_KIND_CGROUP,
        .priority = -1,
        .name = "null",
        .version = "0",
        .summary = "test double of a cgroup backend",
        .settings = settings,
        .n_settings = sizeof(settings) / sizeof(settings[0]),
        .validate = cgroup_validate,
        .ops = &ops,
};

TENANT_PLUGIN_NOTE(TENANT_KIND_CGROUP)

const struct tenant_plugin *tenant_plugin_get_v0(void) {
        return &plugin;
}

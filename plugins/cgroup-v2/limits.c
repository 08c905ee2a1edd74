/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * limits.c: settings to cgroup files (the kernel's cgroup-v2.rst). Refuses an explicit limit that the kernel
 * would not enforce; never reads back on the start path. Owned by cgroup-v2.
 */
#include "v2.h"
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#define CPU_PERIOD_USEC 100000u
#define PIDS_MAX 4194304u /* PID_MAX_LIMIT: the kernel takes no larger number but "max" */

const struct tenant_setting v2_settings[SETTING_COUNT] = {
        [SETTING_MEMORY_MAX] = {
                .key = "MemoryMax", .type = TENANT_TYPE_SIZE, .flags = TENANT_SETTING_LIVE,
                .minimum = 4u << 20, .maximum = UINT64_MAX, .unit = "bytes",
                .help = "memory the tenant may use; above it the kernel kills one of its processes",
        },
        [SETTING_MEMORY_HIGH] = {
                .key = "MemoryHigh", .type = TENANT_TYPE_SIZE, .flags = TENANT_SETTING_LIVE,
                .minimum = 4u << 20, .maximum = UINT64_MAX, .unit = "bytes",
                .help = "memory above which the tenant is slowed down and its pages are reclaimed",
        },
        [SETTING_MEMORY_SWAP_MAX] = {
                .key = "MemorySwapMax", .type = TENANT_TYPE_SIZE, .flags = TENANT_SETTING_LIVE,
                .minimum = 0, .maximum = UINT64_MAX, .unit = "bytes",
                .help = "swap the tenant may use beside its memory; 0 for none",
        },
        [SETTING_CPU_QUOTA] = {
                .key = "CPUQuota", .type = TENANT_TYPE_PERCENT, .flags = TENANT_SETTING_LIVE,
                .minimum = 1, .maximum = 1000000, .unit = "percent of one processor",
                .help = "processor time the tenant may use; 150% is one and a half processors",
        },
        [SETTING_CPU_WEIGHT] = {
                .key = "CPUWeight", .type = TENANT_TYPE_COUNT, .flags = TENANT_SETTING_LIVE,
                .minimum = 1, .maximum = 10000, .unit = "",
                .help = "share of the processors when they are short; others have 100",
        },
        [SETTING_IO_WEIGHT] = {
                .key = "IOWeight", .type = TENANT_TYPE_COUNT, .flags = TENANT_SETTING_LIVE,
                .minimum = 1, .maximum = 10000, .unit = "",
                .help = "share of the disks when they are busy; others have 100",
        },
        [SETTING_ALLOWED_CPUS] = {
                .key = "AllowedCPUs", .type = TENANT_TYPE_CPUSET, .flags = TENANT_SETTING_LIVE,
                .unit = "",
                .help = "processors the tenant may run on, such as 0-3,5",
        },
        [SETTING_TASKS_MAX] = {
                .key = "TasksMax", .type = TENANT_TYPE_COUNT, .flags = TENANT_SETTING_LIVE,
                .minimum = 16, .maximum = UINT64_MAX, .unit = "tasks", .default_value = "16384",
                .help = "processes and threads the tenant may have",
        },
        [SETTING_CGROUPS_MAX] = {
                .key = "CgroupsMax", .type = TENANT_TYPE_COUNT, .flags = TENANT_SETTING_LIVE,
                .minimum = 16, .maximum = 60000, .unit = "cgroups", .default_value = "2048",
                .help = "cgroups the tenant may make: one or two per service or container; a host has 65535",
        },
};

/* Where each setting is written, and what the kernel has there by default. */
static const struct target {
        const char *file;
        const char *controller; /* NULL: in every cgroup */
        const char *unset;
} targets[SETTING_COUNT] = {
        [SETTING_MEMORY_MAX] = { "memory.max", "memory", "max" },
        [SETTING_MEMORY_HIGH] = { "memory.high", "memory", "max" },
        [SETTING_MEMORY_SWAP_MAX] = { "memory.swap.max", "memory", "max" },
        [SETTING_CPU_QUOTA] = { "cpu.max", "cpu", "max 100000" },
        [SETTING_CPU_WEIGHT] = { "cpu.weight", "cpu", "100" },
        [SETTING_IO_WEIGHT] = { "io.weight", "io", "default 100" },
        [SETTING_ALLOWED_CPUS] = { "cpuset.cpus", "cpuset", "\n" },
        [SETTING_TASKS_MAX] = { "pids.max", "pids", "max" },
        [SETTING_CGROUPS_MAX] = { "cgroup.max.descendants", NULL, "max" },
};

static const struct tenant_value *value_of(const struct tenant_context *context, enum v2_setting i) {
        static const struct tenant_value unset;

        return i < context->n_values ? &context->values[i] : &unset;
}

int limits_validate(const struct tenant_context *context, struct tenant_error *error) {
        const struct tenant_value *max = value_of(context, SETTING_MEMORY_MAX);
        const struct tenant_value *high = value_of(context, SETTING_MEMORY_HIGH);
        const struct tenant_value *tasks = value_of(context, SETTING_TASKS_MAX);

        if (max->is_set && high->is_set && high->u64 != UINT64_MAX && high->u64 > max->u64) {
                return tenant_error_set(error, -EINVAL, "InvalidSetting",
                                        "MemoryHigh=%s is above MemoryMax=%s and could never take effect; "
                                        "lower it or leave it out",
                                        high->text, max->text);
        }
        if (tasks->is_set && tasks->u64 != UINT64_MAX && tasks->u64 > PIDS_MAX) {
                return tenant_error_set(error, -EINVAL, "InvalidSetting",
                                        "TasksMax=%s: at most %u, or infinity", tasks->text, PIDS_MAX);
        }
        return 0;
}

/* The text for the kernel; value must be set unless `value->is_set` is false, which gives the default. */
static const char *kernel_text(enum v2_setting i, const struct tenant_value *value, char *buf, size_t size) {
        if (!value->is_set) {
                return targets[i].unset;
        }
        switch (i) {
        case SETTING_CPU_QUOTA:
                snprintf(buf, size, "%" PRIu64 " %u", value->u64 * (CPU_PERIOD_USEC / 100u),
                         CPU_PERIOD_USEC);
                return buf;
        case SETTING_IO_WEIGHT:
                snprintf(buf, size, "default %" PRIu64, value->u64);
                return buf;
        case SETTING_ALLOWED_CPUS:
                return value->text;
        default:
                snprintf(buf, size, "%" PRIu64, value->u64);
                return value->u64 == UINT64_MAX ? "max" : buf;
        }
}

/* No such file: the controller is not on here, or (io.weight, swap) the kernel was built without this knob.
 */
static int missing(enum v2_setting i, int payload_fd, struct tenant_error *error) {
        const char *key = v2_settings[i].key, *file = targets[i].file;
        const char *controller = targets[i].controller ? targets[i].controller : "cgroup";
        char list[256] = "";
        bool on = cgroup_read(payload_fd, "cgroup.controllers", list, sizeof(list)) == 0 &&
                  cgroup_list_has(list, controller);

        if (on) {
                return tenant_error_set(
                        error, -ENOTSUP, "HostNotReady",
                        "%s= needs %s, which this kernel does not have although the controller %s is on; "
                        "leave the setting out or boot a kernel with it",
                        key, file, controller);
        }
        return tenant_error_set(error, -ENOTSUP, "HostNotReady",
                                "%s= needs the cgroup controller %s, which the tenant's unit was not given; "
                                "check Delegate=yes "
                                "in tenant@.service, that %s is in cgroup.controllers of the root cgroup "
                                "(cgroup v2 only, no "
                                "cgroup_disable= or v1 mount takes it), or leave the setting out",
                                key, controller, controller);
}

static void close_p(int *fd) {
        if (*fd >= 0) {
                close(*fd);
        }
}

static int open_cgroup(int dir_fd, const char *path) {
        return openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* False where a cgroup that has the controller lacks the file: a kernel built without that knob. */
static bool is_known(enum v2_setting i, int dir_fd) {
        char list[256];

        return cgroup_read(dir_fd, "cgroup.controllers", list, sizeof(list)) < 0 ||
               !cgroup_list_has(list, targets[i].controller) ||
               faccessat(dir_fd, targets[i].file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int limits_fit(const struct tenant_context *context, struct tenant_error *error) {
        __attribute__((cleanup(close_p))) int root = open_cgroup(AT_FDCWD, "/sys/fs/cgroup/unified"),
                                              some = -1;
        char list[256];

        if (root < 0) {
                root = open_cgroup(AT_FDCWD, "/sys/fs/cgroup");
        }
        if (root < 0 || cgroup_read(root, "cgroup.controllers", list, sizeof(list)) < 0) {
                return tenant_error_set(error, -ENOTSUP, "HostNotReady",
                                        "no cgroup v2 at /sys/fs/cgroup; boot with "
                                        "systemd.unified_cgroup_hierarchy=1");
        }
        /* The root itself has no limits; every host with systemd has this one. */
        some = open_cgroup(root, "system.slice");
        for (enum v2_setting i = 0; i < SETTING_COUNT; i++) {
                if (!value_of(context, i)->is_explicit || !targets[i].controller) {
                        continue;
                }
                if (!cgroup_list_has(list, targets[i].controller)) {
                        return missing(i, root, error);
                }
                if (some >= 0 && !is_known(i, some)) {
                        return missing(i, some, error);
                }
        }
        return 0;
}

/* One limit. explicit or not, a value that the kernel refuses is an error. */
static int write_limit(enum v2_setting i, const struct tenant_value *value, int payload_fd,
                       struct tenant_error *error) {
        char buf[64];
        const char *text = kernel_text(i, value, buf, sizeof(buf));
        int r = cgroup_write(payload_fd, targets[i].file, text);

        if (r == -ENOENT) {
                return value->is_explicit ? missing(i, payload_fd, error) : 0;
        }
        if (r == -ENODEV) {
                return tenant_error_set(error, r, "NotRunning", "the tenant is not running any more");
        }
        if (r < 0) {
                return tenant_error_set(error, r, r == -EINVAL || r == -ERANGE ? "InvalidSetting" : "Failed",
                                        "%s=%s: the kernel does not take \"%s\" for %s: %s",
                                        v2_settings[i].key, value->is_set ? value->text : "", text,
                                        targets[i].file, strerror(-r));
        }
        return 0;
}

int limits_apply(const struct tenant_context *context, int payload_fd, struct tenant_error *error) {
        for (enum v2_setting i = 0; i < SETTING_COUNT; i++) {
                const struct tenant_value *value = value_of(context, i);
                int r = value->is_set ? write_limit(i, value, payload_fd, error) : 0;

                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

/* What was there before a change, as the files show it; empty: not readable, nothing to put back. */
struct earlier {
        char text[SETTING_COUNT][CGROUP_FILE_MAX / 4];
};

static void remember_limits(int payload_fd, struct earlier *ret) {
        for (enum v2_setting i = 0; i < SETTING_COUNT; i++) {
                if (cgroup_read(payload_fd, targets[i].file, ret->text[i], sizeof(ret->text[i])) < 0) {
                        ret->text[i][0] = '\0';
                }
        }
}

/* Backwards, so that a limit never passes through a state that neither side asked for longer than needed. */
static void restore_limits(int payload_fd, const struct earlier *earlier, enum v2_setting failed) {
        for (size_t i = failed; i-- > 0;) {
                if (earlier->text[i][0]) {
                        (void) cgroup_write(payload_fd, targets[i].file,
                                            earlier->text[i]); /* it was valid a moment ago */
                }
        }
}

int limits_change(const struct tenant_context *context, int payload_fd, struct tenant_error *error) {
        struct earlier earlier;

        remember_limits(payload_fd, &earlier);
        for (enum v2_setting i = 0; i < SETTING_COUNT; i++) {
                int r = write_limit(i, value_of(context, i), payload_fd, error);

                if (r < 0) {
                        restore_limits(payload_fd, &earlier, i);
                        return r;
                }
        }
        return 0;
}

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
                .minimum = 1, .maximum = 10000, .unit = "", .default_value = "100",
                .help = "share of the processors when they are short; others have 100",
        },
        [SETTING_IO_WEIGHT] = {
                .key = "IOWeight", .type = TENANT_TYPE_COUNT, .flags = TENANT_SETTING_LIVE,
                .minimum = 1, .maximum = 10000, .unit = "", .default_value = "100",
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
                .help = "cgroups the tenant may make: one or two per service or container; a host has 65535, and "
                        "removed ones count there while their pages are in swap: see MemorySwapMax",
        },
        [SETTING_IO_READ_BANDWIDTH_MAX] = {
                .key = "IOReadBandwidthMax", .type = TENANT_TYPE_SIZE, .flags = TENANT_SETTING_LIVE,
                .minimum = 64u << 10, .maximum = UINT64_MAX, .unit = "bytes per second",
                .help = "what the tenant may read from each disk",
        },
        [SETTING_IO_WRITE_BANDWIDTH_MAX] = {
                .key = "IOWriteBandwidthMax", .type = TENANT_TYPE_SIZE, .flags = TENANT_SETTING_LIVE,
                .minimum = 64u << 10, .maximum = UINT64_MAX, .unit = "bytes per second",
                .help = "what the tenant may write to each disk",
        },
        [SETTING_IO_READ_IOPS_MAX] = {
                .key = "IOReadIOPSMax", .type = TENANT_TYPE_COUNT, .flags = TENANT_SETTING_LIVE,
                .minimum = 10, .maximum = UINT64_MAX, .unit = "requests per second",
                .help = "how often the tenant may read from each disk",
        },
        [SETTING_IO_WRITE_IOPS_MAX] = {
                .key = "IOWriteIOPSMax", .type = TENANT_TYPE_COUNT, .flags = TENANT_SETTING_LIVE,
                .minimum = 10, .maximum = UINT64_MAX, .unit = "requests per second",
                .help = "how often the tenant may write to each disk; also bounds what it makes the disk's journal do",
        },
};

/*
 * Where each setting is written, seen from the payload, and what the kernel has there by default. Weights count among siblings: those of
 * the payload's parent, the unit's cgroup, are the other tenants. These files are systemd's: weights-generator tells it what they are, and
 * a start writes them even when they are the default, since systemd may not have heard yet that an earlier one is gone.
 */
static const struct target {
        const char *file;
        const char *controller; /* NULL: in every cgroup */
        const char *unset;
} targets[SETTING_COUNT] = {
        [SETTING_MEMORY_MAX] = { "memory.max", "memory", "max" },
        [SETTING_MEMORY_HIGH] = { "memory.high", "memory", "max" },
        [SETTING_MEMORY_SWAP_MAX] = { "memory.swap.max", "memory", "max" },
        [SETTING_CPU_QUOTA] = { "cpu.max", "cpu", "max 100000" },
        [SETTING_CPU_WEIGHT] = { "../cpu.weight", "cpu", "100" },
        [SETTING_IO_WEIGHT] = { "../io.weight", "io", "default 100" },
        [SETTING_ALLOWED_CPUS] = { "cpuset.cpus", "cpuset", "\n" },
        [SETTING_TASKS_MAX] = { "pids.max", "pids", "max" },
        [SETTING_CGROUPS_MAX] = { "cgroup.max.descendants", NULL, "max" },
        [SETTING_IO_READ_BANDWIDTH_MAX] = { "io.max", "io", NULL },
        [SETTING_IO_WRITE_BANDWIDTH_MAX] = { "io.max", "io", NULL },
        [SETTING_IO_READ_IOPS_MAX] = { "io.max", "io", NULL },
        [SETTING_IO_WRITE_IOPS_MAX] = { "io.max", "io", NULL },
};

/* The file alone, whichever cgroup it is of. */
static const char *file_name(enum v2_setting i) {
        const char *slash = strrchr(targets[i].file, '/');

        return slash ? slash + 1 : targets[i].file;
}

/* Written by io.c: a line per disk. */
static bool is_per_disk(enum v2_setting i) {
        return !targets[i].unset;
}

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
        const char *key = v2_settings[i].key, *file = file_name(i);
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
               faccessat(dir_fd, file_name(i), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
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

/*
 * What the kernel calls no limit it takes for a cpuset of processes only since it is written so from the start; later all
 * processors that there can be are the same.
 */
static int write_text(enum v2_setting i, int payload_fd, const char *text) {
        __attribute__((cleanup(close_p))) int cpus = -1;
        char possible[256];
        int r = cgroup_write(payload_fd, targets[i].file, text);

        if (r != -ENOSPC || i != SETTING_ALLOWED_CPUS || strcmp(text, targets[i].unset) != 0) {
                return r;
        }
        cpus = open_cgroup(AT_FDCWD, "/sys/devices/system/cpu");
        r = cpus < 0 ? -errno : cgroup_read(cpus, "possible", possible, sizeof(possible));
        return r < 0 ? r : cgroup_write(payload_fd, targets[i].file, possible);
}

/* One limit. explicit or not, a value that the kernel refuses is an error. */
static int write_limit(enum v2_setting i, const struct tenant_value *value, int payload_fd,
                       struct tenant_error *error) {
        char buf[64];
        const char *text = kernel_text(i, value, buf, sizeof(buf));
        int r = write_text(i, payload_fd, text);

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
                                        file_name(i), strerror(-r));
        }
        return 0;
}

/* With `all` the kernel's default where nothing is set. Without the controller only what was asked for is missed. */
static int write_disk_limits(const struct tenant_context *context, int payload_fd, bool all,
                             struct tenant_error *error) {
        int r = io_limits_write(context, payload_fd, all);

        if (r == -ENOENT) {
                for (enum v2_setting i = 0; i < SETTING_COUNT; i++) {
                        if (is_per_disk(i) && value_of(context, i)->is_explicit) {
                                return missing(i, payload_fd, error);
                        }
                }
                return 0;
        }
        return r < 0 ? tenant_error_set(error, r, "Failed", "The kernel does not take the IO limits: %s",
                                        strerror(-r))
                     : 0;
}

int limits_apply(const struct tenant_context *context, int payload_fd, struct tenant_error *error) {
        for (enum v2_setting i = 0; i < SETTING_COUNT; i++) {
                const struct tenant_value *value = value_of(context, i);
                int r = value->is_set && !is_per_disk(i) ? write_limit(i, value, payload_fd, error) : 0;

                if (r < 0) {
                        return r;
                }
        }
        return write_disk_limits(context, payload_fd, false, error);
}

/* What was there before a change, as the files show it; an empty cpuset as it is written; empty: not readable, nothing to put back. */
struct earlier {
        char text[SETTING_COUNT][CGROUP_FILE_MAX / 4];
};

static void remember_limits(int payload_fd, struct earlier *ret) {
        for (enum v2_setting i = 0; i < SETTING_COUNT; i++) {
                if (is_per_disk(i) ||
                    cgroup_read(payload_fd, targets[i].file, ret->text[i], sizeof(ret->text[i])) < 0) {
                        ret->text[i][0] = '\0';
                } else if (!ret->text[i][0]) {
                        snprintf(ret->text[i], sizeof(ret->text[i]), "%s", targets[i].unset);
                }
        }
}

/* Backwards, so that a limit never passes through a state that neither side asked for longer than needed. */
static void restore_limits(int payload_fd, const struct earlier *earlier, enum v2_setting failed) {
        for (size_t i = failed; i-- > 0;) {
                if (earlier->text[i][0]) {
                        (void) write_text(i, payload_fd, earlier->text[i]); /* it was valid a moment ago */
                }
        }
}

int limits_change(const struct tenant_context *context, int payload_fd, struct tenant_error *error) {
        struct earlier earlier;
        int r = 0;

        remember_limits(payload_fd, &earlier);
        for (enum v2_setting i = 0; i < SETTING_COUNT; i++) {
                r = is_per_disk(i) ? 0 : write_limit(i, value_of(context, i), payload_fd, error);
                if (r < 0) {
                        restore_limits(payload_fd, &earlier, i);
                        return r;
                }
        }
        r = write_disk_limits(context, payload_fd, true, error);
        if (r < 0) {
                restore_limits(payload_fd, &earlier, SETTING_COUNT);
        }
        return r;
}

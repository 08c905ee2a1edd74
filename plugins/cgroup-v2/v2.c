/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * v2.c: cgroup-v2, a tenant's processes in a cgroup `payload` below its unit's, tenantd's own in `runner`
 * beside it. Refuses to give the tenant any file that holds a limit, and to start without a limit that was
 * asked for. Owned by the cgroup backends; see README.md.
 */
#include "v2.h"
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PAYLOAD "payload"
#define RUNNER "runner"

static const char *const controllers[] = { "memory", "cpu", "cpuset", "io", "pids" };
#define N_CONTROLLERS (sizeof(controllers) / sizeof(controllers[0]))
#define ALL_CONTROLLERS "+memory +cpu +cpuset +io +pids"

static void close_p(int *fd) {
        if (*fd >= 0) {
                close(*fd);
        }
}

static int v2_probe(const struct tenant_host *host, struct tenant_error *error) {
        unsigned major = 0, minor = 0;
        struct utsname uts;
        struct statfs fs;

        if (uname(&uts) < 0 || sscanf(uts.release, "%u.%u", &major, &minor) != 2 || major < 5 ||
            (major == 5 && minor < 14)) {
                return tenant_error_set(
                        error, -ENOTSUP, "HostNotReady",
                        "the kernel is %s, 5.14 or later is needed (cgroup.kill); boot a newer one",
                        uts.release);
        }
        if ((statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC) ||
            (statfs("/sys/fs/cgroup/unified", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)) {
                return 0;
        }
        return tenant_error_set(
                error, -ENOTSUP, "HostNotReady",
                "no cgroup v2 at /sys/fs/cgroup; boot with systemd.unified_cgroup_hierarchy=1");
}

/* The runner and the composer leave the unit's own cgroup: one with controllers for its children may hold no
 * process. */
static int move_runner(int unit_fd, pid_t runner, struct tenant_error *error) {
        __attribute__((cleanup(close_p))) int fd = -1;
        char text[24];
        int r = 0;

        if (mkdirat(unit_fd, RUNNER, 0755) < 0 && errno != EEXIST) {
                return tenant_error_set(error, -errno, "Failed",
                                        "cannot make the cgroup %s in the tenant's unit: %s", RUNNER,
                                        strerror(errno));
        }
        fd = openat(unit_fd, RUNNER "/cgroup.procs", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
        snprintf(text, sizeof(text), "%d", runner);
        if (fd < 0 || write(fd, text, strlen(text)) < 0 ||
            (runner != getpid() && write(fd, "0", 1) < 0)) { /* 0: the caller itself */
                r = -errno;
        }
        return r < 0 ? tenant_error_set(error, r, "Failed", "cannot move the runner to the cgroup %s: %s",
                                        RUNNER, strerror(-r))
                     : 0;
}

/* Those of ours that the unit was given: "+cpu +pids"; empty for none. */
static int available_controllers(int unit_fd, char *ret, size_t size) {
        char list[CGROUP_FILE_MAX];
        size_t used = 0;
        int r = cgroup_read(unit_fd, "cgroup.controllers", list, sizeof(list));

        ret[0] = '\0';
        for (size_t i = 0; i < N_CONTROLLERS && r >= 0; i++) {
                if (cgroup_list_has(list, controllers[i])) {
                        used += (size_t) snprintf(ret + used, size - used, "%s+%s", used ? " " : "",
                                                  controllers[i]);
                }
        }
        return r;
}

/* All at once, which is what a delegated unit has; only when that is refused it is worth looking what there
 * is. */
static int enable_controllers(int unit_fd, struct tenant_error *error) {
        char text[sizeof(ALL_CONTROLLERS)];
        int r = cgroup_write(unit_fd, "cgroup.subtree_control", ALL_CONTROLLERS);

        if (r == -ENOENT || r == -EINVAL || r == -EOPNOTSUPP) {
                r = available_controllers(unit_fd, text, sizeof(text));
                if (r >= 0 && text[0]) {
                        r = cgroup_write(unit_fd, "cgroup.subtree_control", text);
                }
        }
        if (r == -EBUSY) {
                return tenant_error_set(error, r, "HostNotReady",
                                        "processes other than tenantd's are in the tenant's unit cgroup; "
                                        "look with systemctl status "
                                        "and remove what starts them (ExecStartPre=)");
        }
        return r < 0 ? tenant_error_set(error, r, "Failed",
                                        "cannot give cgroup controllers to the tenant: %s", strerror(-r))
                     : 0;
}

/*
 * What a tenant needs to make cgroups of its own and to move processes between them. Not memory.oom.group
 * and memory.reclaim, though the kernel would delegate them: the first decides over the host's OOM handling
 * of the whole payload, the second lets a tenant spend the kernel's time on reclaim as it likes. In the
 * cgroups that it makes it has both.
 */
static int give_to_tenant(int payload_fd, uint32_t id, struct tenant_error *error) {
        static const char *const files[] = { "cgroup.procs", "cgroup.threads", "cgroup.subtree_control" };
        int r = fchown(payload_fd, id, id) < 0 ? -errno : 0;

        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && r >= 0; i++) {
                r = fchownat(payload_fd, files[i], id, id, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
        }
        return r < 0 ? tenant_error_set(error, r, "Failed",
                                        "cannot give the payload cgroup to the tenant: %s", strerror(-r))
                     : 0;
}

/* What an earlier life left is removed, not reused: its limits and the tenant's own settings in it would
 * live on. */
static int make_payload(int unit_fd, struct tenant_error *error) {
        int fd, r = 0;

        if (mkdirat(unit_fd, PAYLOAD, 0755) < 0) {
                r = -errno;
                if (r == -EEXIST) {
                        r = cgroup_remove(unit_fd, PAYLOAD);
                        if (r >= 0 && mkdirat(unit_fd, PAYLOAD, 0755) < 0) {
                                r = -errno;
                        }
                }
        }
        if (r == -ETIMEDOUT || r == -EBUSY) {
                return tenant_error_set(
                        error, -EBUSY, "Busy",
                        "processes of the tenant's earlier life are still there and do not die; look with "
                        "systemd-cgls and try again when they are gone");
        }
        fd = r < 0 ? r : openat(unit_fd, PAYLOAD, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (r >= 0 && fd < 0) {
                r = -errno;
        }
        return r < 0 ? tenant_error_set(error, r, "Failed",
                                        "cannot make the cgroup %s in the tenant's unit: %s", PAYLOAD,
                                        strerror(-r))
                     : fd;
}

static int v2_prepare(const struct tenant_context *context, int unit_fd, pid_t runner, int *ret_payload_fd,
                      struct tenant_error *error) {
        __attribute__((cleanup(close_p))) int fd = -1;
        int r = move_runner(unit_fd, runner, error);

        if (r < 0) {
                return r;
        }
        r = enable_controllers(unit_fd, error);
        if (r < 0) {
                return r;
        }
        fd = make_payload(unit_fd, error);
        if (fd < 0) {
                return fd;
        }
        r = limits_apply(context, fd, error);
        if (r < 0) {
                return r;
        }
        r = give_to_tenant(fd, context->id_base, error);
        if (r < 0) {
                return r;
        }
        *ret_payload_fd = fd;
        fd = -1;
        return 0;
}

static int v2_update(const struct tenant_context *context, int payload_fd, struct tenant_error *error) {
        int r = limits_validate(context, error);

        return r < 0 ? r : limits_change(context, payload_fd, error);
}

/* A file with one number or "max"; UINT64_MAX when it is "max" or not there. */
static uint64_t read_number(int fd, const char *file) {
        char text[64];

        if (cgroup_read(fd, file, text, sizeof(text)) < 0 || text[0] < '0' || text[0] > '9') {
                return UINT64_MAX;
        }
        return strtoull(text, NULL, 10);
}

static uint64_t read_keyed(int fd, const char *file, const char *key) {
        char text[CGROUP_FILE_MAX];
        uint64_t value;

        return cgroup_read(fd, file, text, sizeof(text)) == 0 && cgroup_keyed(text, key, &value)
                       ? value
                       : UINT64_MAX;
}

/* Sums KEY=N over the devices of io.stat. */
static uint64_t sum_devices(const char *text, const char *key) {
        uint64_t sum = 0;

        for (const char *p = strstr(text, key); p; p = strstr(p + 1, key)) {
                sum += strtoull(p + strlen(key), NULL, 10);
        }
        return sum;
}

static int v2_usage(const struct tenant_context *context, int payload_fd,
                    struct tenant_cgroup_usage *ret_usage, struct tenant_error *error) {
        struct tenant_cgroup_usage usage = { .struct_size = ret_usage->struct_size };
        char text[4 * CGROUP_FILE_MAX];
        int r = cgroup_read(payload_fd, "cgroup.events", text, sizeof(text));

        if (r < 0) {
                return tenant_error_set(error, -ENODEV, "NotRunning", "the tenant is not running any more");
        }
        usage.memory_bytes = read_number(payload_fd, "memory.current");
        usage.memory_peak_bytes = read_number(payload_fd, "memory.peak"); /* Linux 5.19 */
        usage.memory_limit_bytes = read_number(payload_fd, "memory.max");
        usage.swap_bytes = read_number(payload_fd, "memory.swap.current");
        usage.cpu_usec = read_keyed(payload_fd, "cpu.stat", "usage_usec");
        usage.cpu_throttled_usec = read_keyed(payload_fd, "cpu.stat", "throttled_usec");
        usage.pids = read_number(payload_fd, "pids.current");
        usage.pids_limit = read_number(payload_fd, "pids.max");
        usage.oom_kills = read_keyed(payload_fd, "memory.events", "oom_kill");
        r = cgroup_read(payload_fd, "io.stat", text, sizeof(text));
        usage.io_read_bytes = r < 0 ? UINT64_MAX : sum_devices(text, " rbytes=");
        usage.io_write_bytes = r < 0 ? UINT64_MAX : sum_devices(text, " wbytes=");
        memcpy(ret_usage, &usage,
               ret_usage->struct_size < sizeof(usage) ? ret_usage->struct_size : sizeof(usage));
        return 0;
}

static int v2_freeze(const struct tenant_context *context, int payload_fd, bool frozen,
                     struct tenant_error *error) {
        int r = cgroup_write(payload_fd, "cgroup.freeze", frozen ? "1" : "0");

        if (r >= 0) {
                r = cgroup_wait_event(payload_fd, "frozen", frozen);
        }
        if (r == -ETIMEDOUT) {
                return tenant_error_set(
                        error, r, "Busy",
                        "the tenant's processes did not %s within 5 s; some wait for the kernel",
                        frozen ? "stop" : "continue");
        }
        if (r == -ENOENT || r == -ENODEV) {
                return tenant_error_set(error, -ENODEV, "NotRunning", "the tenant is not running any more");
        }
        return r < 0 ? tenant_error_set(error, r, "Failed", "cannot %s the tenant: %s",
                                        frozen ? "freeze" : "thaw", strerror(-r))
                     : 0;
}

static int v2_kill(const struct tenant_context *context, int payload_fd, struct tenant_error *error) {
        int r = cgroup_kill(payload_fd);

        if (r == -ENOENT || r == -ENODEV) { /* the cgroup is gone, so are its processes */
                return 0;
        }
        return r < 0 ? tenant_error_set(error, r, "Failed", "cannot kill the tenant's processes: %s",
                                        strerror(-r))
                     : 0;
}

static int v2_release(const struct tenant_context *context, int unit_fd, struct tenant_error *error) {
        int r = cgroup_remove(unit_fd, PAYLOAD);

        if (unlinkat(unit_fd, RUNNER, AT_REMOVEDIR) < 0 && errno != ENOENT && errno != EBUSY && r >= 0) {
                r = -errno; /* busy: the runner itself may be calling; the unit's end removes it */
        }
        if (r == -ETIMEDOUT || r == -EBUSY) {
                return tenant_error_set(
                        error, -EBUSY, "Busy",
                        "processes of the tenant did not die within 5 s; some wait for the kernel");
        }
        return r < 0 ? tenant_error_set(error, r, "Failed", "cannot remove the tenant's cgroups: %s",
                                        strerror(-r))
                     : 0;
}

static const struct tenant_cgroup_ops v2_ops = {
        .struct_size = sizeof(v2_ops),
        .prepare = v2_prepare,
        .update = v2_update,
        .usage = v2_usage,
        .freeze = v2_freeze,
        .kill = v2_kill,
        .release = v2_release,
        .fit = limits_fit,
};

static const struct tenant_plugin v2_plugin = {
        .struct_size = sizeof(v2_plugin),
        .abi = TENANT_PLUGIN_ABI,
        .kind = TENANT_KIND_CGROUP,
        .priority = 50,
        .name = "v2",
        .version = PLUGIN_VERSION,
        .summary = "limits by cgroup v2, written straight to the unit's delegated cgroup",
        .settings = v2_settings,
        .n_settings = SETTING_COUNT,
        .probe = v2_probe,
        .validate = limits_validate,
        .ops = &v2_ops,
};

TENANT_PLUGIN_NOTE(TENANT_KIND_CGROUP)

const struct tenant_plugin *tenant_plugin_get_v0(void) {
        return &v2_plugin;
}

/* SPDX-License-Identifier: MIT */
/*
 * example-plugin.c: cgroup-example, a whole backend on one page: a tenant's processes in a cgroup with a
 * limit on their number. Quoted by docs/plugin-guide.md and held to the contract like every other plugin.
 */
#include "tenant-cgroup.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TASKS_MAX, N_SETTINGS };

static const struct tenant_setting settings[N_SETTINGS] = {
        [TASKS_MAX] = { .key = "TasksMax",
                        .type = TENANT_TYPE_COUNT,
                        .minimum = 1,
                        .maximum = 4194304,
                        .unit = "tasks",
                        .default_value = "4096",
                        .help = "processes and threads the tenant may have" },
};

static int write_text(int dir_fd, const char *file, const char *text) {
        int fd = openat(dir_fd, file, O_WRONLY | O_CLOEXEC), r;

        if (fd < 0) {
                return -errno;
        }
        r = write(fd, text, strlen(text)) < 0 ? -errno : 0;
        close(fd);
        return r;
}

static int validate(const struct tenant_context *context, struct tenant_error *error) {
        const struct tenant_value *tasks = &context->values[TASKS_MAX];

        if (tasks->is_set && tasks->u64 < 8) {
                return tenant_error_set(error, -EINVAL, "InvalidSetting",
                                        "TasksMax=%s: an init and its services need at least 8",
                                        tasks->text);
        }
        return 0;
}

/* The runner leaves the unit's cgroup, so that it may have controllers; the tenant gets a directory beside
 * it. */
static int make_cgroups(const struct tenant_context *context, int unit_fd, pid_t runner) {
        char text[32];
        int r;

        snprintf(text, sizeof(text), "%d", (int) runner);
        if (mkdirat(unit_fd, "runner", 0755) < 0 && errno != EEXIST) {
                return -errno;
        }
        r = write_text(unit_fd, "runner/cgroup.procs", text);
        if (r >= 0) {
                r = write_text(unit_fd, "runner/cgroup.procs", "0");
        }
        if (r >= 0) {
                r = write_text(unit_fd, "cgroup.subtree_control", "+pids");
        }
        if (r >= 0 && mkdirat(unit_fd, "payload", 0755) < 0 && errno != EEXIST) {
                r = -errno;
        }
        if (r >= 0) {
                snprintf(text, sizeof(text), "%llu", (unsigned long long) context->values[TASKS_MAX].u64);
                r = write_text(unit_fd, "payload/pids.max", text);
        }
        return r;
}

static int prepare(const struct tenant_context *context, int unit_fd, pid_t runner, int *ret_payload_fd,
                   struct tenant_error *error) {
        int fd, r = make_cgroups(context, unit_fd, runner);

        if (r < 0) {
                return tenant_error_set(error, r, "HostNotReady",
                                        "cannot make the tenant's cgroup: %s; is the unit delegated?",
                                        strerror(-r));
        }
        fd = openat(unit_fd, "payload", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) {
                return tenant_error_set(error, -errno, "Failed", "cannot open the tenant's cgroup: %s",
                                        strerror(errno));
        }
        *ret_payload_fd = fd;
        return 0;
}

/* Called after every stop, and after a crash at any point: what is not there is fine. */
static int release(const struct tenant_context *context, int unit_fd, struct tenant_error *error) {
        int r = write_text(unit_fd, "payload/cgroup.kill", "1");

        if (r >= 0 || r == -ENOENT) {
                r = unlinkat(unit_fd, "payload", AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
        }
        return r < 0 ? tenant_error_set(error, r, "Busy", "cannot remove the tenant's cgroup: %s",
                                        strerror(-r))
                     : 0;
}

static const struct tenant_cgroup_ops ops = {
        .struct_size = sizeof(ops),
        .prepare = prepare,
        .release = release,
};

static const struct tenant_plugin plugin = {
        .struct_size = sizeof(plugin),
        .abi = TENANT_PLUGIN_ABI,
        .kind = TENANT_KIND_CGROUP,
        .priority = -1, /* an operator must ask for it by name */
        .name = "example",
        .version = "1",
        .summary = "a limit on the number of tasks and nothing else",
        .settings = settings,
        .n_settings = N_SETTINGS,
        .validate = validate,
        .ops = &ops,
};

TENANT_PLUGIN_NOTE(TENANT_KIND_CGROUP)

const struct tenant_plugin *tenant_plugin_get_v0(void) {
        return &plugin;
}

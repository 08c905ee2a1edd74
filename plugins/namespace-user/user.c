/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * user.c: namespace-user, a tenant in a user namespace of its own, with every other namespace created inside
 * it. Refuses hosts without user namespaces and kernels before 5.8, and never maps an id outside the
 * tenant's range. Owned by the namespace backends; see README.md.
 */
#include "tenant-namespace.h"
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#define TENANT_NAMESPACES                                                                                   \
        (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |          \
         CLONE_NEWCGROUP)

/* A number in /proc/sys; -errno. */
static long read_number(const char *path) {
        char text[32];
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n;

        if (fd < 0) {
                return -errno;
        }
        n = read(fd, text, sizeof(text) - 1);
        close(fd);
        if (n <= 0) {
                return -EIO;
        }
        text[n] = '\0';
        return atol(text);
}

/* 5.8: setns(2) with a pidfd; clone3(2) with CLONE_INTO_CGROUP came one release earlier. */
static bool kernel_is_new_enough(struct utsname *ret) {
        unsigned major = 0, minor = 0;

        return uname(ret) == 0 && sscanf(ret->release, "%u.%u", &major, &minor) == 2 &&
               (major > 5 || (major == 5 && minor >= 8));
}

static int user_probe(const struct tenant_host *host, struct tenant_error *error) {
        struct utsname uts;
        long limit;

        if (!kernel_is_new_enough(&uts)) {
                return tenant_error_set(
                        error, -ENOTSUP, "HostNotReady",
                        "the kernel is %s, 5.8 or later is needed (setns with a pidfd); boot a newer one",
                        uts.release);
        }
        limit = read_number("/proc/sys/user/max_user_namespaces");
        if (limit == -ENOENT) {
                return tenant_error_set(error, -ENOTSUP, "HostNotReady",
                                        "the kernel has no user namespaces; boot one with CONFIG_USER_NS=y");
        }
        if (limit <= 0) {
                return tenant_error_set(error, -ENOTSUP, "HostNotReady",
                                        "user namespaces are switched off; set user.max_user_namespaces "
                                        "above 0 with sysctl");
        }
        return 0;
}

static int user_validate(const struct tenant_context *context, struct tenant_error *error) {
        if (context->id_count < 65536) {
                return tenant_error_set(error, -EINVAL, "InvalidSetting",
                                        "Ids=%u: a tenant needs at least 65536 ids", context->id_count);
        }
        if (context->id_base > UINT32_MAX - context->id_count) {
                return tenant_error_set(error, -EINVAL, "InvalidSetting",
                                        "ids %u+%u are more than there are", context->id_base,
                                        context->id_count);
        }
        return 0;
}

static int user_describe(const struct tenant_context *context, struct tenant_namespace_plan *ret_plan,
                         struct tenant_error *error) {
        const struct tenant_idmap map = { .inside = 0,
                                          .outside = context->id_base,
                                          .count = context->id_count };
        int r = user_validate(context, error);

        if (r < 0) {
                return r;
        }
        if (context->id_base == 0) { /* the host's root as the tenant's: never, whatever the caller's bug */
                return tenant_error_set(error, -EINVAL, "InvalidSetting", "the tenant has no id range");
        }
        ret_plan->clone_flags = TENANT_NAMESPACES;
        ret_plan->creator_uid = context->id_base;
        ret_plan->uid_map[0] = map;
        ret_plan->n_uid_map = 1;
        ret_plan->gid_map[0] = map;
        ret_plan->n_gid_map = 1;
        return 0;
}

static int become_root_inside(struct tenant_error *error) {
        if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) {
                return tenant_error_set(error, -errno, "Failed", "cannot become root of the tenant: %s",
                                        strerror(errno));
        }
        return 0;
}

static int user_enter(const struct tenant_context *context, int init_pidfd, struct tenant_error *error) {
        if (setns(init_pidfd, TENANT_NAMESPACES) < 0) {
                return errno == ESRCH ? tenant_error_set(error, -ESRCH, "NotRunning",
                                                         "the tenant is not running any more")
                                      : tenant_error_set(error, -errno, "Failed",
                                                         "cannot enter the tenant's namespaces: %s",
                                                         strerror(errno));
        }
        return become_root_inside(error);
}

static const struct tenant_namespace_ops user_ops = {
        .struct_size = sizeof(user_ops),
        .describe = user_describe,
        .enter = user_enter,
};

static const struct tenant_plugin user_plugin = {
        .struct_size = sizeof(user_plugin),
        .abi = TENANT_PLUGIN_ABI,
        .kind = TENANT_KIND_NAMESPACE,
        .priority = 50,
        .name = "user",
        .version = PLUGIN_VERSION,
        .summary = "a user namespace per tenant with an id range and a creator of its own",
        .probe = user_probe,
        .validate = user_validate,
        .ops = &user_ops,
};

TENANT_PLUGIN_NOTE(TENANT_KIND_NAMESPACE)

const struct tenant_plugin *tenant_plugin_get_v0(void) {
        return &user_plugin;
}

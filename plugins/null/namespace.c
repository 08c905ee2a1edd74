/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * namespace.c: namespace-null, a test double. Plans like a real one, so that nothing that follows the plan
 * ever runs in the host's namespaces, and refuses to enter (no operation). Never shipped. Owned by the
 * tests.
 */
#include "null.h"
#include "tenant-namespace.h"
#include <sched.h>

static int namespace_validate(const struct tenant_context *context, struct tenant_error *error) {
        static const char *const operations[] = { "validate", "describe" };

        return null_validate(context, operations, sizeof(operations) / sizeof(operations[0]), error);
}

static int namespace_describe(const struct tenant_context *context, struct tenant_namespace_plan *ret_plan,
                              struct tenant_error *error) {
        const struct tenant_idmap map = { .outside = context->id_base, .count = context->id_count };

        ret_plan->clone_flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
                                CLONE_NEWUTS | CLONE_NEWCGROUP;
        ret_plan->creator_uid = context->id_base;
        ret_plan->uid_map[0] = ret_plan->gid_map[0] = map;
        ret_plan->n_uid_map = ret_plan->n_gid_map = 1;
        return null_operation(context, "describe", false, error);
}

static const struct tenant_setting settings[] = { NULL_FAIL_SETTING };

static const struct tenant_namespace_ops ops = {
        .struct_size = sizeof(ops),
        .describe = namespace_describe,
};

static const struct tenant_plugin plugin = {
        .struct_size = sizeof(plugin),
        .abi = TENANT_PLUGIN_ABI,
        .kind = TENANT_KIND_NAMESPACE,
        .priority = -1,
        .name = "null",
        .version = "0",
        .summary = "test double of a namespace backend",
        .settings = settings,
        .n_settings = sizeof(settings) / sizeof(settings[0]),
        .validate = namespace_validate,
        .ops = &ops,
};

TENANT_PLUGIN_NOTE(TENANT_KIND_NAMESPACE)

const struct tenant_plugin *tenant_plugin_get_v0(void) {
        return &plugin;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * harness-fixture.c: one small namespace backend, compiled many times with one thing wrong (or old, or new)
 * each. Its constructor leaves a mark, so that a test sees whether any code of a refused file ran. Owned by
 * harness-loader.c.
 */
#include "tenant-namespace.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void leave_mark(void) {
        const char *path = getenv("TENANT_TEST_MARK");
        int fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;

        if (fd >= 0) {
                close(fd);
        }
}

__attribute__((unused)) static int describe(const struct tenant_context *context,
                                            struct tenant_namespace_plan *ret_plan,
                                            struct tenant_error *error) {
        ret_plan->creator_uid = context->id_base;
        return 0;
}

static int enter(const struct tenant_context *context, int init_pidfd, struct tenant_error *error) {
        return tenant_error_set(error, -ENOSYS, "NotSupported", "a fixture cannot enter anything");
}

/* A header of the future: everything has a tail that this host has never heard of. */
struct future_ops {
        struct tenant_namespace_ops now;
        int (*later)(void);
        int (*still_later)(void);
};

struct future_plugin {
        struct tenant_plugin now;
        const char *licence;
        uint64_t flags;
};

#ifndef FIXTURE_NAME
#define FIXTURE_NAME "good"
#endif
#ifndef FIXTURE_ABI
#define FIXTURE_ABI TENANT_PLUGIN_ABI
#endif
#ifndef FIXTURE_SIZE
#define FIXTURE_SIZE sizeof(struct tenant_plugin)
#endif
#ifndef FIXTURE_OPS_SIZE
#define FIXTURE_OPS_SIZE sizeof(struct tenant_namespace_ops)
#endif
#ifndef FIXTURE_DESCRIBE
#define FIXTURE_DESCRIBE describe
#endif
#ifndef FIXTURE_SETTINGS
#define FIXTURE_SETTINGS                                                                                    \
        {                                                                                                   \
                .key = "Colour", .type = TENANT_TYPE_STRING, .unit = "", .default_value = "green",          \
                .help = "a colour"                                                                          \
        }
#endif

static const struct tenant_setting settings[] = { FIXTURE_SETTINGS };

static const struct future_ops ops = {
        .now = { .struct_size = FIXTURE_OPS_SIZE, .describe = FIXTURE_DESCRIBE, .enter = enter },
};

static const struct future_plugin plugin = {
        .now = {
                .struct_size = FIXTURE_SIZE,
                .abi = FIXTURE_ABI,
                .kind = TENANT_KIND_NAMESPACE,
                .priority = 7,
                .name = FIXTURE_NAME,
                .version = "1",
                .summary = "a fixture",
                .settings = settings,
                .n_settings = sizeof(settings) / sizeof(settings[0]),
                .ops = &ops,
        },
        .licence = "MIT",
        .flags = UINT64_MAX,
};

#if defined(FIXTURE_NOTE_ABI)
__attribute__((used, aligned(4), section(TENANT_NOTE_SECTION))) static const struct tenant_note note = {
        sizeof(TENANT_NOTE_OWNER), 8, TENANT_NOTE_TYPE, TENANT_NOTE_OWNER, FIXTURE_NOTE_ABI,
        TENANT_KIND_NAMESPACE,
};
#elif defined(FIXTURE_NOTE_KIND)
TENANT_PLUGIN_NOTE(FIXTURE_NOTE_KIND)
#elif !defined(FIXTURE_NO_NOTE)
TENANT_PLUGIN_NOTE(TENANT_KIND_NAMESPACE)
#endif

#ifdef FIXTURE_NO_SYMBOL
__attribute__((visibility("default"))) const struct tenant_plugin *tenant_plugin_get_v9(void);
__attribute__((visibility("default"))) const struct tenant_plugin *tenant_plugin_get_v9(void) {
        return &plugin.now;
}
#else
const struct tenant_plugin *tenant_plugin_get_v0(void) {
        return &plugin.now;
}
#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* v2.h: the parts of cgroup-v2. Paths are single names below a descriptor of a cgroup directory, never
 * longer. */
#pragma once

#include "tenant-cgroup.h"

#define WAIT_USEC (5u * 1000u * 1000u)
#define CGROUP_FILE_MAX 4096u

/* tree.c */

/* One write(2) of text to a cgroup's file. -errno. */
int cgroup_write(int dir_fd, const char *file, const char *text);

/* Reads a cgroup's file, at most size - 1 bytes, NUL-terminated; a longer one is cut. -errno. */
int cgroup_read(int dir_fd, const char *file, char *ret, size_t size);

/* The number behind "KEY " at the start of a line of a flat-keyed text; false: not there. */
bool cgroup_keyed(const char *text, const char *key, uint64_t *ret);

/* True when the blank-separated list has the word. */
bool cgroup_list_has(const char *list, const char *word);

/* Waits until KEY of cgroup.events is value. 0, -ETIMEDOUT after WAIT_USEC, -errno. */
int cgroup_wait_event(int dir_fd, const char *key, uint64_t value);

/* SIGKILL to all processes below. */
int cgroup_kill(int dir_fd);

/*
 * Kills what is in the cgroup `name` below dir_fd, waits for the end, removes the cgroup and all below it,
 * of any depth, with one descriptor and no recursion. A missing one is fine. -ETIMEDOUT: a process would not
 * die; -EBUSY: one came in meanwhile.
 */
int cgroup_remove(int dir_fd, const char *name);

/* limits.c */

enum v2_setting {
        SETTING_MEMORY_MAX,
        SETTING_MEMORY_HIGH,
        SETTING_MEMORY_SWAP_MAX,
        SETTING_CPU_QUOTA,
        SETTING_CPU_WEIGHT,
        SETTING_IO_WEIGHT,
        SETTING_ALLOWED_CPUS,
        SETTING_TASKS_MAX,
        SETTING_CGROUPS_MAX,
        SETTING_IO_READ_BANDWIDTH_MAX,
        SETTING_IO_WRITE_BANDWIDTH_MAX,
        SETTING_IO_READ_IOPS_MAX,
        SETTING_IO_WRITE_IOPS_MAX,
        SETTING_COUNT,
};

extern const struct tenant_setting v2_settings[SETTING_COUNT];

/* A combination that can never work. -EINVAL InvalidSetting. */
int limits_validate(const struct tenant_context *context, struct tenant_error *error);

/* Whether the root cgroup has a controller for each explicit limit. -ENOTSUP HostNotReady, as limits_apply. */
int limits_fit(const struct tenant_context *context, struct tenant_error *error);

/*
 * Writes each limit that is set to a cgroup just made, one write each. A default whose controller is missing
 * is skipped; an explicit one is -ENOTSUP HostNotReady with the controller and the cure.
 */
int limits_apply(const struct tenant_context *context, int payload_fd, struct tenant_error *error);

/* Brings all limits to the values, unset ones to the kernel's default; on error the earlier ones are put
 * back. */
int limits_change(const struct tenant_context *context, int payload_fd, struct tenant_error *error);

/* io.c */

/*
 * Writes the limits per disk that are set, or with `all` also "max" for those that are not, for each real disk. -ENOENT: no
 * controller. A refusal is of the first disk, so that nothing has changed.
 */
int io_limits_write(const struct tenant_context *context, int payload_fd, bool all);

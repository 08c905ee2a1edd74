/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* name.h: the one validator of tenant and image names. */
#pragma once

#include "error.h"

#define TENANT_NAME_MAX 63

/*
 * [a-z]([a-z0-9-]{0,61}[a-z0-9])?, so that one string is host name, unit instance, bus id and metric label.
 * Reserved: host, localhost, self, all, root, new.
 */
bool tenant_name_is_valid(const char *name);

/* 0, or -EINVAL InvalidName with the rule in the text. what: "tenant", "image", "backend". */
int tenant_name_check(const char *what, const char *name, TenantError *error)
        __attribute__((warn_unused_result));

/*
 * Valid names among the directories of an absolute path, sorted, never NULL; strv_free. Missing: none.
 * Negative errno.
 */
int name_list_directories(const char *path, char ***ret) __attribute__((warn_unused_result));

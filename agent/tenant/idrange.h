/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * idrange.h: host uid/gid ranges. Window 603979776..1879048191: above what Debian hands to host users in
 * /etc/subuid, inside what systemd sets aside for containers (systemd UIDS-GIDS.md). The first 262144 of it
 * are the images' (IMAGE_ID_BASE); tenants follow. 65536-aligned, never shared, checked against /etc/subuid,
 * /etc/subgid and NSS.
 */
#pragma once

#include "error.h"

#define ID_WINDOW_FIRST 603979776u
#define ID_WINDOW_LAST 1879048191u
#define IMAGE_ID_BASE ID_WINDOW_FIRST
#define IMAGE_ID_COUNT 65536u
#define TENANT_ID_FIRST (ID_WINDOW_FIRST + 262144u)
#define ID_ALIGN 65536u

typedef struct IdRange {
        uint32_t base;
        uint32_t count;
} IdRange;

/*
 * First free range of `count` ids (a multiple of ID_ALIGN, else -EINVAL) from TENANT_ID_FIRST on that
 * overlaps none of `used` and none of `foreign`. Pure. -ENOSPC NoSpace when the window is full.
 */
int idrange_choose(uint32_t count, const IdRange *used, size_t n_used, const IdRange *foreign,
                   size_t n_foreign, IdRange *ret, TenantError *error) __attribute__((warn_unused_result));

/*
 * Ranges of a subuid(5)/subgid(5) text that reach into the window, cut to it. *ret is the caller's to free.
 * Lines that cannot be parsed are an error (-EBADMSG HostNotReady, with the line): a range that we cannot
 * read may be ours. So are numbers with a leading zero or 0x, which shadow's tools read as octal or
 * hexadecimal. Empty lines and # comments are skipped.
 */
int idrange_parse_subid(const char *file, const char *text, IdRange **ret, size_t *ret_n, TenantError *error)
        __attribute__((warn_unused_result));

/* Foreign ranges of this host: PATH_SUBUID, PATH_SUBGID. Missing files are fine. */
int idrange_foreign(IdRange **ret, size_t *ret_n, TenantError *error) __attribute__((warn_unused_result));

/*
 * True when NSS knows a user or group in [base, base+count) at the places others allocate from: first and
 * last id of each block of ID_ALIGN. May block and loads NSS modules: a worker's at creation, never the
 * start path's.
 */
bool idrange_known_to_nss(IdRange range);

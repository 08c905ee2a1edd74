/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * apparmor.h: the tenants' AppArmor profile, a wall behind the user namespace on hosts whose kernel has AppArmor. The distribution's
 * apparmor.service loads it (apparmor/tenantd-tenant, installed in /etc/apparmor.d); a start only takes it.
 */
#pragma once

#include "error.h"
#include <stdbool.h>
#include <sys/types.h>

#define APPARMOR_PROFILE "tenantd-tenant"

/*
 * The next execve(2) of the calling process, or of a child forked after this, takes the profile if it is loaded; without AppArmor, or
 * without the profile, nothing changes. By the /proc that the caller sees, so to be called while that is the host's. 0 or negative
 * errno: AppArmor is there and refused.
 */
int apparmor_on_exec(void) __attribute__((warn_unused_result));

/* The process has the profile; false too when it cannot be seen. To be called while /proc is the host's. */
bool apparmor_has(pid_t pid);

enum apparmor_state {
        APPARMOR_ABSENT, /* the kernel has none, or it is switched off */
        APPARMOR_NOT_LOADED,
        APPARMOR_COMPLAINS, /* loaded, but only to report what it would refuse */
        APPARMOR_ENFORCED,
};

/* Of the host; for its root. -errno: it cannot be seen. */
int apparmor_state(void) __attribute__((warn_unused_result));

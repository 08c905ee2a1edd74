/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* apt-sources.h: which of a host's apt sources hold a suite. Internal to agent/work. */
#pragma once

#include "cleanup.h"
#include "error.h"

/*
 * One-line entries ("deb [options] URI SUITE COMPONENTS", sources.list(5)) for a suite with its updates and
 * security updates: from sources.list and sources.list.d of `directory` ("/etc/apt"), those that have the
 * component main; when the suite is not among them, all of directory/SUITE.list or SUITE.sources. *ret by
 * strv_free. -ENOENT HostNotReady: no source has the suite.
 */
int apt_sources_find(const char *directory, const char *suite, char ***ret, TenantError *error) _must_check_;

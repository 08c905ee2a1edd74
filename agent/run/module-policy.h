/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* module-policy.h: which of the modules that the kernel asks for on demand nobody but the host can have asked for. */
#pragma once

#include <stdbool.h>

/* `alias` is the kernel's request_module() text, of which a tenant may have chosen a part. Anything that is not known is not. */
bool module_request_is_hosts(const char *alias);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * idrange-nss.c: asks NSS about a range of ids (see idrange.h). In a file of its own, since NSS loads
 * modules into the process and may wait for a network: only a worker that creates a tenant does it. Owned by
 * agent/tenant.
 */
#include "idrange.h"
#include <grp.h>
#include <pwd.h>

static bool is_known(uint32_t id) {
        return getpwuid(id) || getgrgid(id);
}

bool idrange_known_to_nss(IdRange range) {
        for (uint64_t block = range.base; block < (uint64_t) range.base + range.count; block += ID_ALIGN) {
                if (is_known((uint32_t) block) || is_known((uint32_t) block + ID_ALIGN - 1)) {
                        return true;
                }
        }
        return false;
}

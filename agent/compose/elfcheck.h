/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* elfcheck.h: what a shared object says about itself, read without running any of it (elf(5),
 * tenant-plugin.h). Internal. */
#pragma once

#include "error.h"

/*
 * Reads the file behind fd (of `size` bytes) with pread only. 0 when it is a shared object of this machine's
 * word size and byte order that carries the note of this ABI and of `kind`, defines the plugin symbol as a
 * global function, and asks for no search path, audit module or filter of its own. -ELIBBAD BadBackend says
 * which of these fails; `what` names the file. Any file content is safe: all offsets are checked against
 * size, all loops are bounded.
 */
int elf_check_plugin(int fd, uint64_t size, enum tenant_kind kind, const char *what, TenantError *error)
        __attribute__((warn_unused_result));

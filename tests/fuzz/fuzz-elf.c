/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fuzz-elf.c: files that claim to be plugins. What is not taken is refused as a bad backend, with a reason. Owned by tests/fuzz. */
#include "elfcheck.h"
#include "fuzz.h"
#include "io.h"
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static int fd = -1;
        TenantError e = {};
        int r;

        fd = fd >= 0 ? fd : memfd_create("plugin", MFD_CLOEXEC);
        property(fd >= 0 && ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
        property(fd_write_all(fd, data, size) == 0);
        /* Also with a size that the file had before it was cut. */
        for (uint64_t claimed = size; claimed <= size + 4096; claimed += 4096) {
                r = elf_check_plugin(fd, claimed, TENANT_KIND_CGROUP, "cgroup-example.so", &e);
                if (r < 0) {
                        property(r == -ELIBBAD && strcmp(e.name, E_BAD_BACKEND) == 0);
                        fuzz_check_error(r, &e);
                }
        }
        return 0;
}

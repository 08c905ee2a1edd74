/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fuzz-config.c: tenantd.conf. A name of a server that is taken is one that may stand in a certificate. Owned by tests/fuzz. */
#include "fuzz.h"
#include "host-config.h"
#include "paths.h"
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static bool is_made;
        Config config;
        TenantError e = {};
        int r;

        if (!is_made) {
                char path[256];

                paths_set_root(fuzz_directory());
                snprintf(path, sizeof(path), "%s/etc", fuzz_directory());
                property(mkdir(path, 0700) == 0);
                snprintf(path, sizeof(path), "%s/etc/tenantd", fuzz_directory());
                property(mkdir(path, 0700) == 0);
                is_made = true;
        }
        fuzz_file("etc/tenantd/tenantd.conf", data, size);
        r = config_load(&config, &e);
        if (r < 0) {
                property(!config.server_name);
                fuzz_check_error(r, &e);
        } else if (config.server_name) {
                const char *n = config.server_name;

                property(n[0] && strlen(n) <= 253 && !strpbrk(n, " \t\n/:,\"'*"));
        }
        config_done(&config);
        return 0;
}

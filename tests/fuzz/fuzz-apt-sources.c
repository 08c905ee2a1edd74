/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz-apt-sources.c: the host's apt sources; an input that begins with '=' is in the format of deb822. Each entry found is one line that
 * mmdebstrap takes for one source. Owned by tests/fuzz.
 */
#include "apt-sources.h"
#include "fuzz.h"
#include "strv.h"
#include <sys/stat.h>

static void check(const char *suite) {
        _cleanup_(strv_free_p) char **entries = NULL;
        TenantError e = {};
        int r = apt_sources_find(fuzz_directory(), suite, &entries, &e);

        if (r < 0) {
                property(!entries);
                fuzz_check_error(r, &e);
                return;
        }
        property(entries && entries[0]);
        for (char **i = entries; *i; i++) {
                property(strncmp(*i, "deb ", 4) == 0 && strlen(*i) < 4096 && !strchr(*i, '\n'));
                property(strstr(
                        *i, suite)); /* since the other suites' sources are in no file named for this one */
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static bool is_made;
        char path[256];

        snprintf(path, sizeof(path), "%s/sources.list.d", fuzz_directory());
        property(is_made || mkdir(path, 0700) == 0);
        is_made = true;
        if (size > 0 && data[0] == '=') {
                fuzz_file("sources.list", data, 0);
                fuzz_file("sources.list.d/debian.sources", data + 1, size - 1);
        } else {
                fuzz_file("sources.list", data, size);
                fuzz_file("sources.list.d/debian.sources", data, 0);
        }
        check("bookworm");
        return 0;
}

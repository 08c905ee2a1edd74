/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fuzz.c: see fuzz.h. Owned by tests/fuzz. */
#include "fuzz.h"
#include "io.h"
#include "parse.h"
#include "tree.h"
#include <fcntl.h>

static char directory[128];

static void remove_directory(void) {
        char *slash = strrchr(directory, '/');
        _cleanup_close_ int base_fd = -1;

        *slash = '\0';
        base_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        property(base_fd >= 0 && tree_remove(base_fd, slash + 1) == 0);
}

const char *fuzz_directory(void) {
        if (!directory[0]) { /* in memory: thousands of files a second */
                const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

                snprintf(directory, sizeof(directory), "%s/tenantd-fuzz-XXXXXX", base);
                property(mkdtemp(directory) && atexit(remove_directory) == 0);
        }
        return directory;
}

void fuzz_file(const char *name, const uint8_t *data, size_t size) {
        char path[256];
        int fd;

        snprintf(path, sizeof(path), "%s/%s", fuzz_directory(), name);
        (void) unlink(path); /* not O_TRUNC: ext4 writes to the disk what replaces a file */
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        property(fd >= 0 && fd_write_all(fd, data, size) == 0);
        (void) fd_close(fd);
}

void fuzz_check_error(int r, const TenantError *e) {
        property(r < 0);
        if (r == -ENOMEM) {
                return;
        }
        property(e->code == r);
        property(e->name[0]);
        property(e->message[0]);
        property(text_is_safe(e->message, sizeof(e->message) - 1));
}

Keyfile *fuzz_parse(const uint8_t *data, size_t size) {
        _cleanup_(keyfile_free_p) Keyfile *k = NULL;
        _cleanup_free_ char *text = strndup((const char *) data, size);
        TenantError e = {};
        int r;

        if (!text || keyfile_new(&k) < 0) {
                return NULL;
        }
        r = keyfile_parse(k, "input.conf", text, &e);
        if (r < 0) {
                fuzz_check_error(r, &e);
                return NULL;
        }
        return TAKE_PTR(k);
}

void fuzz_check_same(const Keyfile *a, const Keyfile *b) {
        property(a->n_entries == b->n_entries);
        for (size_t i = 0; i < a->n_entries; i++) {
                const char *value = keyfile_value(b, a->entries[i].section, a->entries[i].key);

                property(value && strcmp(value, a->entries[i].value) == 0);
        }
}

void fuzz_check_round_trip(const Keyfile *k) {
        _cleanup_(keyfile_free_p) Keyfile *again = NULL;
        _cleanup_free_ char *text = NULL;

        property(keyfile_format(k, &text) == 0);
        again = fuzz_parse((const uint8_t *) text, strlen(text));
        property(again);
        fuzz_check_same(k, again);
}

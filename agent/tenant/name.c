/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * name.c: see name.h. Refuses every name that would mean something else to a shell, a path, a host name, a
 * unit or the bus. Owned by agent/tenant; nothing else in the tree decides what a name is.
 */
#include "name.h"
#include "cleanup.h"
#include "parse.h"
#include "strv.h"
#include <fcntl.h>
#include <sys/stat.h>

static const char *const reserved[] = { "all", "host", "localhost", "new", "root", "self" };

/* Not isalnum(3): that one depends on the locale. */
static bool is_letter(char c) {
        return c >= 'a' && c <= 'z';
}

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool has_shape(const char *name) {
        size_t n = strnlen(name, TENANT_NAME_MAX + 1);

        if (n == 0 || n > TENANT_NAME_MAX || !is_letter(name[0]) || name[n - 1] == '-') {
                return false;
        }
        for (size_t i = 0; i < n; i++) {
                if (!is_letter(name[i]) && !is_digit(name[i]) && name[i] != '-') {
                        return false;
                }
        }
        return true;
}

static bool is_reserved(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(reserved); i++) {
                if (strcmp(name, reserved[i]) == 0) {
                        return true;
                }
        }
        return false;
}

bool tenant_name_is_valid(const char *name) {
        return name && has_shape(name) && !is_reserved(name);
}

int tenant_name_check(const char *what, const char *name, TenantError *error) {
        if (tenant_name_is_valid(name)) {
                return 0;
        }
        if (name && has_shape(name)) {
                return error_set(error, EINVAL, E_INVALID_NAME,
                                 "The %s name \"%s\" is reserved (all, host, localhost, new, root, self); "
                                 "choose another",
                                 what, name);
        }
        /* A name that cannot be shown is not shown: the text goes to terminals and to the bus. */
        return error_set(error, EINVAL, E_INVALID_NAME,
                         "The %s name \"%s\" is not valid: a name is 1 to 63 characters a-z, 0-9 and '-', "
                         "begins with "
                         "a letter and does not end with '-'",
                         what, name && text_is_safe(name, 128) ? name : "(not printable)");
}

/* Not every file system fills in d_type. */
static bool is_directory(DIR *dir, const struct dirent *e) {
        struct stat st;

        if (e->d_type != DT_UNKNOWN) {
                return e->d_type == DT_DIR;
        }
        return fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISDIR(st.st_mode);
}

int name_list_directories(const char *path, char ***ret) {
        _cleanup_(strv_free_p) char **names = calloc(1, sizeof(char *));
        _cleanup_closedir_ DIR *dir = opendir(path);

        if (!names) {
                return -ENOMEM;
        }
        if (!dir && errno != ENOENT) {
                return -errno;
        }
        for (struct dirent *e; (errno = 0, dir && (e = readdir(dir)));) {
                int r = tenant_name_is_valid(e->d_name) && is_directory(dir, e)
                                ? strv_push(&names, e->d_name)
                                : 0;

                if (r < 0) {
                        return r;
                }
        }
        if (errno != 0) {
                return -errno;
        }
        strv_sort(names);
        *ret = TAKE_PTR(names);
        return 0;
}

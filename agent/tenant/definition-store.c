/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * definition-store.c: where definitions are kept (see definition.h). Refuses to build a path from a name
 * that was not checked. Owned by agent/tenant; nothing else writes in PATH_DEFINITIONS.
 */
#include "definition.h"
#include "fd.h"
#include "io.h"
#include "name.h"
#include "paths.h"
#include "tree.h"
#include <fcntl.h>

#define SUFFIX ".conf"

/* Of a checked name. */
typedef struct ConfPath {
        char path[512];
} ConfPath;

static ConfPath conf_path(const char *name, const char *more) {
        ConfPath p;

        snprintf(p.path, sizeof(p.path), "%s/%s" SUFFIX "%s", path_get(PATH_DEFINITIONS), name, more);
        return p;
}

/* A link that leads nowhere, or a disk that does not answer, is no removal. */
bool definition_exists(const char *name) {
        struct stat st;

        if (!tenant_name_is_valid(name)) {
                return false;
        }
        return lstat(conf_path(name, "").path, &st) < 0 ? errno != ENOENT && errno != ENOTDIR
                                                        : !S_ISDIR(st.st_mode);
}

int definition_add_dropins(const char *name, Keyfile *keyfile, TenantError *error) {
        int r = tenant_name_check("tenant", name, error);

        return r < 0 ? r : keyfile_load_dropins(keyfile, conf_path(name, ".d").path, error);
}

int definition_load(const char *name, Definition **ret, TenantError *error) {
        _cleanup_(keyfile_free_p) Keyfile *k = NULL;
        int r = tenant_name_check("tenant", name, error);

        if (r < 0) {
                return r;
        }
        r = keyfile_new(&k);
        if (r < 0) {
                return r;
        }
        r = keyfile_load(k, conf_path(name, "").path, error);
        if (r == -ENOENT) {
                return error_set(error, ENOENT, E_NO_SUCH_TENANT,
                                 "There is no tenant %s: %s does not exist; see tenantctl list", name,
                                 conf_path(name, "").path);
        }
        if (r >= 0) {
                r = definition_add_dropins(name, k, error);
        }
        if (r >= 0) {
                r = definition_from_keyfile(name, k, ret, error);
        }
        if (r >= 0) {
                k = NULL; /* the definition's now */
        }
        return r;
}

static int open_directory(TenantError *error) {
        int fd = path_open(PATH_DEFINITIONS);

        return fd < 0 ? error_set_errno(error, fd, E_FAILED, "Cannot open %s", path_get(PATH_DEFINITIONS))
                      : fd;
}

int definition_save(const char *name, const Keyfile *keyfile, bool exclusive, TenantError *error) {
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int dir_fd = -1;
        char file[TENANT_NAME_MAX + sizeof(SUFFIX)];
        int r = tenant_name_check("tenant", name, error);

        if (r < 0) {
                return r;
        }
        r = keyfile_format(keyfile, &text);
        if (r < 0) {
                return r;
        }
        dir_fd = open_directory(error);
        if (dir_fd < 0) {
                return dir_fd;
        }
        snprintf(file, sizeof(file), "%s" SUFFIX, name);
        r = (exclusive ? file_create_atomic : file_replace_atomic)(dir_fd, file, 0644, text, strlen(text));
        if (r == -EEXIST) {
                return error_set(error, EEXIST, E_TENANT_EXISTS,
                                 "There is a tenant %s already; choose another name or remove it first",
                                 name);
        }
        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot write %s", conf_path(name, "").path) : 0;
}

static int remove_below(int dir_fd, const char *name) {
        _cleanup_close_ int sync_fd = open_beneath(dir_fd, ".", O_RDONLY | O_DIRECTORY, 0);
        char entry[TENANT_NAME_MAX + sizeof(SUFFIX ".d")];

        if (sync_fd < 0) {
                return sync_fd;
        }
        snprintf(entry, sizeof(entry), "%s" SUFFIX, name);
        if (unlinkat(dir_fd, entry, 0) < 0 && errno != ENOENT) {
                return -errno;
        }
        if (fsync(sync_fd) < 0) {
                return -errno;
        }
        snprintf(entry, sizeof(entry), "%s" SUFFIX ".d", name);
        return tree_remove(dir_fd, entry);
}

int definition_remove(const char *name, TenantError *error) {
        _cleanup_close_ int dir_fd = -1;
        int r = tenant_name_check("tenant", name, error);

        if (r < 0) {
                return r;
        }
        dir_fd = open_directory(error);
        if (dir_fd < 0) {
                return dir_fd;
        }
        r = remove_below(dir_fd, name);
        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot remove %s", conf_path(name, "").path) : 0;
}

/* NAME of "NAME.conf", cut in place; NULL when it is no definition. */
static char *definition_of_entry(struct dirent *e) {
        size_t n = strlen(e->d_name);

        if (n <= strlen(SUFFIX) || strcmp(e->d_name + n - strlen(SUFFIX), SUFFIX) != 0) {
                return NULL;
        }
        e->d_name[n - strlen(SUFFIX)] = '\0';
        return definition_exists(e->d_name) ? e->d_name : NULL;
}

int definition_list(char ***ret, TenantError *error) {
        _cleanup_(strv_free_p) char **names = calloc(1, sizeof(char *));
        _cleanup_closedir_ DIR *dir = opendir(path_get(PATH_DEFINITIONS));

        if (!names) {
                return -ENOMEM;
        }
        if (!dir && errno != ENOENT) {
                return error_set_errno(error, errno, E_FAILED, "Cannot read %s", path_get(PATH_DEFINITIONS));
        }
        for (struct dirent *e; (errno = 0, dir && (e = readdir(dir)));) {
                char *name = definition_of_entry(e);
                int r = name ? strv_push(&names, name) : 0;

                if (r < 0) {
                        return r;
                }
        }
        if (errno != 0) {
                return error_set_errno(error, errno, E_FAILED, "Cannot read %s", path_get(PATH_DEFINITIONS));
        }
        strv_sort(names);
        *ret = TAKE_PTR(names);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * loader.c: see loader.h. Refuses every file that somebody other than root could have put there or changed,
 * before it is mapped. The inode that was checked is the one that is loaded, since both go through one
 * descriptor. Plugins stay for the life of the process. Owned by the compose library.
 */
#include "loader.h"
#include "cleanup.h"
#include "config.h"
#include "definition.h"
#include "descriptor.h"
#include "elfcheck.h"
#include "name.h"
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* One per file. The descriptor is kept: glibc recognises an object by the path it was loaded by, so its
 * number must not name another file while the process lives. */
struct loaded {
        Plugin plugin; /* first: a Plugin * is a struct loaded * */
        struct loaded *next;
        enum tenant_kind kind;
        void *handle;
        int fd;
        bool probed;
        char name[TENANT_NAME_MAX + 1];
};

const char *const plugin_kind_name[TENANT_KIND_COUNT] = {
        [TENANT_KIND_NAMESPACE] = "namespace",
        [TENANT_KIND_CGROUP] = "cgroup",
        [TENANT_KIND_STORAGE] = "storage",
        [TENANT_KIND_NETWORK] = "network",
};

static const char *plugin_directory = TENANTD_PLUGIN_DIR;
static bool directory_checked;
static struct loaded *loaded_plugins;

void plugin_set_directory(const char *directory) {
        plugin_directory = directory;
        directory_checked = false;
}

const char *plugin_get_directory(void) {
        return plugin_directory;
}

/* Nobody but root can replace what is in a directory like this. In a sticky one root's own entries are safe
 * too. */
static bool mode_is_safe(const struct stat *st, bool sticky_is_safe) {
        return st->st_uid == 0 &&
               (!(st->st_mode & (S_IWGRP | S_IWOTH)) || (sticky_is_safe && st->st_mode & S_ISVTX));
}

static int check_component(const char *path, bool last, TenantError *error) {
        struct stat st;

        if (lstat(path, &st) < 0) {
                return error_set_errno(error, -errno, E_BAD_BACKEND,
                                       "plugin directory %s: cannot look at %s", plugin_directory, path);
        }
        if (!S_ISDIR(st.st_mode)) {
                return error_set(error, -EPERM, E_BAD_BACKEND,
                                 "plugin directory %s: %s is not a directory; give its real path",
                                 plugin_directory, path);
        }
        if (!mode_is_safe(&st, !last)) {
                return error_set(
                        error, -EPERM, E_BAD_BACKEND,
                        "plugin directory %s: %s can be written by others than root (uid %u, mode %04o); "
                        "chown root and chmod go-w",
                        plugin_directory, path, st.st_uid, st.st_mode & 07777);
        }
        return 0;
}

/*
 * Every component from / down is a directory that only root can change, so none can be exchanged after it
 * was looked at. Once per process: what root did since is root's business.
 */
static int check_directory(TenantError *error) {
        char path[PATH_MAX];
        size_t size = strlen(plugin_directory);
        int r;

        if (directory_checked) {
                return 0;
        }
        if (plugin_directory[0] != '/' || size >= sizeof(path) - TENANT_NAME_MAX - 32) {
                return error_set(error, -EINVAL, E_BAD_BACKEND,
                                 "plugin directory %.256s: not an absolute path", plugin_directory);
        }
        r = check_component("/", false, error);
        for (size_t i = 1; i <= size && r >= 0; i++) {
                if ((plugin_directory[i] == '/' || plugin_directory[i] == '\0') &&
                    plugin_directory[i - 1] != '/') {
                        memcpy(path, plugin_directory, i);
                        path[i] = '\0';
                        r = check_component(path,
                                            plugin_directory[i + strspn(plugin_directory + i, "/")] == '\0',
                                            error);
                }
        }
        directory_checked = r >= 0;
        return r;
}

static int open_without_links(const char *path) {
        struct open_how how = {
                .flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };
        long fd;

        do {
                fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
        } while (fd < 0 && errno == EINTR);
        return fd < 0 ? -errno : (int) fd;
}

/* The message for a name that has no file: what there is instead. */
static int no_such_backend(enum tenant_kind kind, const char *name, TenantError *error) {
        _cleanup_(strv_free_p) char **names = NULL;
        char list[400] = "";
        size_t used = 0;
        int r = plugin_list(kind, &names, error);

        if (r < 0) {
                return r;
        }
        for (size_t i = 0; names[i] && used < sizeof(list) - TENANT_NAME_MAX - 4; i++) {
                used += (size_t) snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "", names[i]);
        }
        return error_set(error, -ENOENT, E_NO_SUCH_BACKEND, "no %s backend \"%s\" in %s; there is: %s",
                         plugin_kind_name[kind], name, plugin_directory, used ? list : "none");
}

static const char *file_fault(const struct stat *st) {
        return !S_ISREG(st->st_mode)               ? "not a regular file"
               : st->st_uid != 0                   ? "not owned by root; chown root"
               : st->st_mode & (S_IWGRP | S_IWOTH) ? "writable by others than root; chmod go-w"
               : st->st_mode & (S_ISUID | S_ISGID) ? "set-user-ID or set-group-ID; chmod ug-s"
               : st->st_nlink != 1                 ? "has another hard link; copy it instead"
                                                   : NULL;
}

/* Opens and checks the file without running any of it. The descriptor, or negative errno. */
static int open_checked(enum tenant_kind kind, const char *name, const char *path, TenantError *error) {
        _cleanup_close_ int fd = open_without_links(path);
        struct stat st;
        const char *fault;
        int r;

        if (fd == -ENOENT) {
                return no_such_backend(kind, name, error);
        }
        if (fd == -ELOOP) {
                return error_set(error, -EPERM, E_BAD_BACKEND,
                                 "%s: is a symbolic link; put the file itself there", path);
        }
        if (fd < 0) {
                return error_set_errno(error, fd == -ENXIO ? -EPERM : fd, E_BAD_BACKEND, "%s: cannot open",
                                       path);
        }
        if (fstat(fd, &st) < 0) {
                return error_set_errno(error, -errno, E_BAD_BACKEND, "%s: cannot look at it", path);
        }
        fault = file_fault(&st);
        if (fault) {
                return error_set(error, -EPERM, E_BAD_BACKEND, "%s: refused: %s", path, fault);
        }
        r = elf_check_plugin(fd, (uint64_t) st.st_size, kind, path, error);
        return r < 0 ? r : TAKE_FD(fd);
}

/* Maps the checked file and adopts its descriptor. */
static int load_checked(struct loaded *l, const char *path, TenantError *error) {
        const struct tenant_plugin *(*get)(void);
        char by_fd[32];

        snprintf(by_fd, sizeof(by_fd), "/proc/self/fd/%d", l->fd);
        l->handle = dlopen(by_fd, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        if (!l->handle) {
                return error_set(error, -ELIBBAD, E_BAD_BACKEND, "%s: cannot load: %s", path, dlerror());
        }
        /* The same handle: somebody closed the other's descriptor behind our back, and its number came round
         * again. */
        for (const struct loaded *other = loaded_plugins; other; other = other->next) {
                if (other->handle == l->handle) {
                        return error_set(error, -ELIBBAD, E_BAD_BACKEND,
                                         "%s: would be taken for %s-%s; restart the program", path,
                                         plugin_kind_name[other->kind], other->name);
                }
        }
        *(void **) &get = dlsym(l->handle, TENANT_PLUGIN_SYMBOL);
        if (!get) {
                return error_set(error, -ELIBBAD, E_BAD_BACKEND, "%s: does not export %s", path,
                                 TENANT_PLUGIN_SYMBOL);
        }
        return descriptor_adopt(get(), l->kind, l->name, path, &l->plugin, error);
}

/* A refused plugin that was mapped already stays mapped (it may not be unloadable), and its descriptor open.
 */
static struct loaded *loaded_free(struct loaded *l) {
        if (l && !l->handle) {
                (void) fd_close(l->fd); /* returns -1 always */
        }
        free(l);
        return NULL;
}
DEFINE_CLEANUP(struct loaded *, loaded_free)

int plugin_load(enum tenant_kind kind, const char *name, const Plugin **ret, TenantError *error) {
        _cleanup_(loaded_free_p) struct loaded *l = NULL;
        char path[PATH_MAX];
        int r;

        r = tenant_name_check("backend", name, error);
        if (r < 0) {
                return r;
        }
        for (struct loaded *i = loaded_plugins; i; i = i->next) {
                if (i->kind == kind && strcmp(i->name, name) == 0) {
                        *ret = &i->plugin;
                        return 0;
                }
        }
        r = check_directory(error);
        if (r < 0) {
                return r;
        }
        l = calloc(1, sizeof(*l));
        if (!l) {
                return -ENOMEM;
        }
        snprintf(path, sizeof(path), "%s/%s-%s.so", plugin_directory, plugin_kind_name[kind], name);
        snprintf(l->name, sizeof(l->name), "%s", name);
        l->kind = kind;
        l->fd = open_checked(kind, name, path, error);
        if (l->fd < 0) {
                return l->fd;
        }
        r = load_checked(l, path, error);
        if (r < 0) {
                return r;
        }
        l->next = loaded_plugins;
        loaded_plugins = l;
        *ret = &TAKE_PTR(l)->plugin;
        return 0;
}

int plugin_result(const Plugin *plugin, const char *operation, int r, TenantError *error) {
        const struct tenant_plugin *d = &plugin->descriptor;
        char message[sizeof(error->message)];

        if (r >= 0 || !error) {
                return r;
        }
        if (error->code == 0 || !error->message[0]) {
                return error_set_errno(error, r, E_FAILED, "backend %s-%s: %s failed",
                                       plugin_kind_name[d->kind], d->name, operation);
        }
        error->message[sizeof(error->message) - 1] = '\0';
        error->name[sizeof(error->name) - 1] = '\0';
        memcpy(message, error->message, sizeof(message));
        snprintf(error->message, sizeof(error->message), "backend %s-%s: %.600s", plugin_kind_name[d->kind],
                 d->name, message);
        if (!error->name[0]) {
                snprintf(error->name, sizeof(error->name), "%s", E_FAILED);
        }
        error->code = r;
        return r;
}

int plugin_probe(const Plugin *plugin, const struct tenant_host *host, TenantError *error) {
        struct loaded *l = (struct loaded *) plugin;
        TenantError own = { 0 };
        int r = 0;

        if (l->probed) {
                return 0;
        }
        if (plugin->descriptor.probe) {
                r = plugin->descriptor.probe(host, &own);
        }
        l->probed = r >= 0;
        r = plugin_result(plugin, "probe", r, &own);
        if (r < 0 && error) {
                *error = own;
        }
        return r;
}

/* The NAME of KIND-NAME.so, in buf; NULL when the file name is not of that shape. */
static const char *backend_of_file(enum tenant_kind kind, const char *file,
                                   char buf[static TENANT_NAME_MAX + 1]) {
        size_t prefix = strlen(plugin_kind_name[kind]), size = strlen(file);

        if (size < prefix + strlen("-x.so") || size > prefix + strlen("-.so") + TENANT_NAME_MAX ||
            strncmp(file, plugin_kind_name[kind], prefix) != 0 || file[prefix] != '-' ||
            strcmp(file + size - 3, ".so") != 0) {
                return NULL;
        }
        snprintf(buf, TENANT_NAME_MAX + 1, "%.*s", (int) (size - prefix - 4), file + prefix + 1);
        return tenant_name_is_valid(buf) ? buf : NULL;
}

static int compare_names(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

int plugin_list(enum tenant_kind kind, char ***ret, TenantError *error) {
        _cleanup_closedir_ DIR *d = opendir(plugin_directory);
        _cleanup_(strv_free_p) char **names = calloc(1, sizeof(char *));
        size_t n = 0;

        if (!d) {
                return error_set_errno(error, -errno, E_HOST_NOT_READY,
                                       "cannot list the plugin directory %s", plugin_directory);
        }
        if (!names) {
                return -ENOMEM;
        }
        for (struct dirent *e = readdir(d); e; e = readdir(d)) {
                char buf[TENANT_NAME_MAX + 1];
                const char *name = backend_of_file(kind, e->d_name, buf);
                char **more;

                if (!name) {
                        continue;
                }
                more = realloc(names, (n + 2) * sizeof(char *));
                if (!more) {
                        return -ENOMEM;
                }
                names = more;
                names[n + 1] = NULL;
                names[n] = strdup(name);
                if (!names[n]) {
                        return -ENOMEM;
                }
                n++;
        }
        qsort(names, n, sizeof(char *), compare_names);
        *ret = TAKE_PTR(names);
        return 0;
}

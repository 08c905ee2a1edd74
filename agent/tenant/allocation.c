/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * allocation.c: the allocation file (see allocation.h): reading, writing, listing, removing. Refuses a file
 * that contradicts itself: an id range that is not certain is worse than a tenant that does not start.
 * Unknown keys are passed over, since a newer version may have written them. allocation-choose.c decides
 * what is in it. Owned by agent/tenant.
 */
#include "allocation.h"
#include "fd.h"
#include "io.h"
#include "name.h"
#include "parse.h"
#include "paths.h"
#include "tree.h"
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/vfs.h>

#define FORMAT "1"
#define REMOVED_SUFFIX ".removed"
/* Files beside the allocation: there is no definition yet, or no more; it is on its way out. */
#define INCOMPLETE "incomplete"
#define REMOVING "removing"

Allocation *allocation_free(Allocation *a) {
        if (!a) {
                return NULL;
        }
        for (size_t i = 0; i < TENANT_KIND_COUNT; i++) {
                free(a->backends[i]);
        }
        for (size_t i = 0; i < a->n_facts; i++) {
                free(a->facts[i].key);
                free(a->facts[i].value);
        }
        free(a->facts);
        free(a);
        return NULL;
}

/* A path below tenants/, of a checked name. */
typedef struct AllocationPath {
        char path[512];
} AllocationPath;

static AllocationPath allocation_path(const char *name) {
        AllocationPath p;

        snprintf(p.path, sizeof(p.path), "%s/%s/allocation", path_get(PATH_TENANTS), name);
        return p;
}

static int open_tenants(TenantError *error) {
        int fd = path_open(PATH_TENANTS);

        return fd < 0 ? error_set_errno(error, fd, E_FAILED, "Cannot open %s", path_get(PATH_TENANTS)) : fd;
}

static bool is_cancelled(const struct tenant_host *host) {
        return host && host->cancelled && host->cancelled(host->userdata);
}

int allocation_lock(const struct tenant_host *host, TenantError *error) {
        _cleanup_close_ int dir_fd = open_tenants(error), fd = -1;
        int r;

        if (dir_fd < 0) {
                return dir_fd;
        }
        fd = open_beneath(dir_fd, ".lock", O_RDWR | O_CREAT | O_NONBLOCK, 0600);
        if (fd < 0) {
                return error_set_errno(error, fd, E_FAILED, "Cannot open %s/.lock", path_get(PATH_TENANTS));
        }
        do {
                r = flock(fd, LOCK_EX); /* ended by the SIGTERM of a cancel */
        } while (r < 0 && errno == EINTR && !is_cancelled(host));
        if (r < 0 && errno == EINTR) {
                return error_set(error, ECANCELED, E_CANCELED, "The job was canceled");
        }
        if (r < 0) {
                return error_set_errno(error, errno, E_FAILED, "Cannot lock %s/.lock",
                                       path_get(PATH_TENANTS));
        }
        return TAKE_FD(fd);
}

struct reader {
        const char *name;
        const Keyfile *keyfile;
        TenantError *error;
};

_printf_(2, 3) static int damaged(const struct reader *rd, const char *format, ...) {
        char text[320];
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        return error_set(rd->error, EBADMSG, E_DAMAGED,
                         "%s: %s. Restore the file from a backup; as long as it is there and cannot be "
                         "read, no tenant can be "
                         "created, since its ids might be given away a second time",
                         allocation_path(rd->name).path, text);
}

static const char *required(const struct reader *rd, const char *section, const char *key, int *r) {
        const char *value = keyfile_value(rd->keyfile, section, key);

        if (!value) {
                *r = damaged(rd, "[%s] %s= is missing", section, key);
        }
        return value;
}

static int read_u32(const struct reader *rd, const char *key, uint32_t minimum, uint32_t maximum,
                    uint32_t *ret) {
        int r = 0;
        const char *value = required(rd, "Allocation", key, &r);

        if (!value) {
                return r;
        }
        if (parse_u32(value, ret) < 0 || *ret < minimum || *ret > maximum) {
                return damaged(rd, "%s= is not a number from %u to %u", key, minimum, maximum);
        }
        return 0;
}

/* 8-4-4-4-12 lower-case hexadecimal digits. */
static bool uuid_is_valid(const char *s) {
        if (strlen(s) != 36) {
                return false;
        }
        for (size_t i = 0; i < 36; i++) {
                bool dash = i == 8 || i == 13 || i == 18 || i == 23;

                if (dash ? s[i] != '-' : !strchr("0123456789abcdef", s[i])) {
                        return false;
                }
        }
        return true;
}

static int read_identity(const struct reader *rd, Allocation *a) {
        int r = 0;
        const char *format = required(rd, "Allocation", "Format", &r), *uuid;

        if (!format) {
                return r;
        }
        if (strcmp(format, FORMAT) != 0) {
                return damaged(rd, "Format= is not " FORMAT
                                   ": another version of tenantd wrote the file, go back to it");
        }
        uuid = required(rd, "Allocation", "Uuid", &r);
        if (!uuid) {
                return r;
        }
        if (!uuid_is_valid(uuid)) {
                return damaged(rd, "Uuid= is not 36 characters of hexadecimal digits and dashes");
        }
        memcpy(a->uuid, uuid, sizeof(a->uuid));
        return 0;
}

static int read_numbers(const struct reader *rd, Allocation *a) {
        uint32_t port = 0;
        int r = read_u32(rd, "Index", 0, ALLOCATION_INDEX_MAX, &a->index);

        if (r >= 0) {
                r = read_u32(rd, "IdBase", TENANT_ID_FIRST, ID_WINDOW_LAST, &a->ids.base);
        }
        if (r >= 0) {
                r = read_u32(rd, "IdCount", DEFINITION_IDS_MIN, DEFINITION_IDS_MAX, &a->ids.count);
        }
        if (r >= 0) {
                r = read_u32(rd, "ProjectId", PROJECT_ID_BASE, PROJECT_ID_BASE + ALLOCATION_INDEX_MAX,
                             &a->project_id);
        }
        if (r >= 0) {
                r = read_u32(rd, "DockerPort", 0, UINT16_MAX, &port);
        }
        if (r < 0) {
                return r;
        }
        if (a->ids.base % ID_ALIGN != 0 || a->ids.count % ID_ALIGN != 0 ||
            (uint64_t) a->ids.base + a->ids.count - 1 > ID_WINDOW_LAST) {
                return damaged(rd, "IdBase= and IdCount= are not a range of multiples of %u", ID_ALIGN);
        }
        if (a->project_id != PROJECT_ID_BASE + a->index) {
                return damaged(rd, "ProjectId= does not belong to Index=");
        }
        a->docker_port = (uint16_t) port;
        return 0;
}

static bool backend_is_chosen(const char *name) {
        return tenant_name_is_valid(name) && strcmp(name, "auto") != 0;
}

static int read_backends(const struct reader *rd, Allocation *a) {
        for (size_t i = 0; i < TENANT_KIND_COUNT; i++) {
                int r = 0;
                const char *name = required(rd, "Backends", definition_kind_section[i], &r);

                if (!name) {
                        return r;
                }
                if (!backend_is_chosen(name)) {
                        return damaged(rd, "[Backends] %s= is not the name of a backend",
                                       definition_kind_section[i]);
                }
                a->backends[i] = strdup(name);
                if (!a->backends[i]) {
                        return -ENOMEM;
                }
        }
        return 0;
}

#define FACTS_PREFIX "Facts."

/* The kind of a section "Facts.Network"; TENANT_KIND_COUNT: another section. */
static enum tenant_kind kind_of_facts(const char *section) {
        size_t kind = TENANT_KIND_COUNT;

        if (strncmp(section, FACTS_PREFIX, strlen(FACTS_PREFIX)) == 0) {
                for (kind = 0; kind < TENANT_KIND_COUNT; kind++) {
                        if (strcmp(section + strlen(FACTS_PREFIX), definition_kind_section[kind]) == 0) {
                                break;
                        }
                }
        }
        return (enum tenant_kind) kind;
}

static int read_facts(const struct reader *rd, Allocation *a) {
        for (size_t i = 0; i < rd->keyfile->n_entries; i++) {
                const KeyfileEntry *e = &rd->keyfile->entries[i];
                enum tenant_kind kind = kind_of_facts(e->section);
                int r = kind < TENANT_KIND_COUNT ? allocation_add_fact(a, kind, e->key, e->value) : 0;

                if (r == -E2BIG) {
                        return damaged(rd, "more than %u facts", ALLOCATION_FACTS_MAX);
                }
                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

int allocation_from_keyfile(const char *name, const Keyfile *keyfile, Allocation **ret, TenantError *error) {
        struct reader rd = { .name = name, .keyfile = keyfile, .error = error };
        _cleanup_(allocation_free_p) Allocation *a = calloc(1, sizeof(*a));
        int r;

        if (!a) {
                return -ENOMEM;
        }
        r = read_identity(&rd, a);
        if (r >= 0) {
                r = read_numbers(&rd, a);
        }
        if (r >= 0) {
                r = read_backends(&rd, a);
        }
        if (r >= 0) {
                r = read_facts(&rd, a);
        }
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(a);
        return 0;
}

int allocation_load(const char *name, Allocation **ret, TenantError *error) {
        _cleanup_(keyfile_free_p) Keyfile *k = NULL;
        TenantError detail = {};
        int r = tenant_name_check("tenant", name, error);

        if (r < 0) {
                return r;
        }
        r = keyfile_new(&k);
        if (r < 0) {
                return r;
        }
        r = keyfile_load(k, allocation_path(name).path, &detail);
        if (r == -ENOENT) {
                return error_set(error, ENOENT, E_NO_SUCH_TENANT,
                                 "Tenant %s was never created here: %s does not exist; create it with "
                                 "tenantctl create",
                                 name, allocation_path(name).path);
        }
        if (r == -EINVAL) {
                return damaged(&(struct reader){ .name = name, .error = error }, "%s", detail.message);
        }
        if (r < 0) {
                if (error) {
                        *error = detail;
                }
                return r;
        }
        return allocation_from_keyfile(name, k, ret, error);
}

static AllocationFact *find_fact(Allocation *a, enum tenant_kind kind, const char *key) {
        for (size_t i = 0; i < a->n_facts; i++) {
                if (a->facts[i].kind == kind && strcmp(a->facts[i].key, key) == 0) {
                        return &a->facts[i];
                }
        }
        return NULL;
}

/*
 * What keyfile_set refuses would make the file unreadable; found out when the plugin says it, not at save.
 */
static int check_fact(const char *key, const char *value) {
        _cleanup_(keyfile_free_p) Keyfile *k = NULL;
        int r = keyfile_new(&k);

        return r < 0 ? r : keyfile_set(k, "Facts", key, value, NULL);
}

int allocation_add_fact(Allocation *a, enum tenant_kind kind, const char *key, const char *value) {
        AllocationFact *fact = find_fact(a, kind, key), *more;
        _cleanup_free_ char *key_copy = NULL, *value_copy = NULL;
        int r = !value || (unsigned) kind >= TENANT_KIND_COUNT ? -EINVAL : check_fact(key, value);

        if (r < 0) {
                return r;
        }
        key_copy = strdup(key);
        value_copy = strdup(value);
        if (!key_copy || !value_copy) {
                return -ENOMEM;
        }
        if (fact) {
                free(fact->value);
                fact->value = TAKE_PTR(value_copy);
                return 0;
        }
        if (a->n_facts >= ALLOCATION_FACTS_MAX) {
                return -E2BIG;
        }
        more = reallocarray(a->facts, a->n_facts + 1, sizeof(*more));
        if (!more) {
                return -ENOMEM;
        }
        a->facts = more;
        more[a->n_facts++] =
                (AllocationFact){ .kind = kind, .key = TAKE_PTR(key_copy), .value = TAKE_PTR(value_copy) };
        return 0;
}

static int set_u32(Keyfile *k, const char *key, uint32_t value, TenantError *error) {
        char text[16];

        snprintf(text, sizeof(text), "%u", value);
        return keyfile_set(k, "Allocation", key, text, error);
}

static int write_identity(Keyfile *k, const Allocation *a, TenantError *error) {
        const struct {
                const char *key;
                uint32_t value;
        } numbers[] = {
                { "Index", a->index },
                { "IdBase", a->ids.base },
                { "IdCount", a->ids.count },
                { "ProjectId", a->project_id },
                { "DockerPort", a->docker_port },
        };
        int r = keyfile_set(k, "Allocation", "Format", FORMAT, error);

        if (r >= 0) {
                r = keyfile_set(k, "Allocation", "Uuid", a->uuid, error);
        }
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(numbers); i++) {
                r = set_u32(k, numbers[i].key, numbers[i].value, error);
        }
        return r;
}

int allocation_to_keyfile(const Allocation *a, Keyfile **ret, TenantError *error) {
        _cleanup_(keyfile_free_p) Keyfile *k = NULL;
        int r = keyfile_new(&k);

        if (r >= 0) {
                r = write_identity(k, a, error);
        }
        for (size_t i = 0; r >= 0 && i < TENANT_KIND_COUNT; i++) {
                if (!backend_is_chosen(a->backends[i])) {
                        return error_set(error, EINVAL, E_FAILED,
                                         "No %s backend was chosen before the allocation was saved",
                                         definition_kind_section[i]);
                }
                r = keyfile_set(k, "Backends", definition_kind_section[i], a->backends[i], error);
        }
        for (size_t i = 0; r >= 0 && i < a->n_facts; i++) {
                char section[32];

                snprintf(section, sizeof(section), FACTS_PREFIX "%s",
                         definition_kind_section[a->facts[i].kind]);
                r = keyfile_set(k, section, a->facts[i].key, a->facts[i].value, error);
        }
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(k);
        return 0;
}

static int sync_directory(int dir_fd) {
        _cleanup_close_ int fd = open_beneath(dir_fd, ".", O_RDONLY | O_DIRECTORY, 0);

        if (fd < 0) {
                return fd;
        }
        return fsync(fd) < 0 ? -errno : 0;
}

/*
 * Whether what follows an allocation's creation, the definition, is on the same file system, and on one whose journal keeps the
 * order: btrfs writes what an fsync names and no more.
 */
static bool definition_comes_after(int tenants_fd) {
        struct stat own, definitions;
        struct statfs fs;

        return fstat(tenants_fd, &own) == 0 && stat(path_get(PATH_DEFINITIONS), &definitions) == 0 &&
               own.st_dev == definitions.st_dev && fstatfs(tenants_fd, &fs) == 0 &&
               (fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_SUPER_MAGIC);
}

/* An empty file; one that is there already is as good. */
static int put_mark(int dir_fd, const char *mark) {
        _cleanup_close_ int fd = open_beneath(dir_fd, mark, O_WRONLY | O_CREAT | O_NONBLOCK, 0600);

        return fd < 0 ? fd : 0;
}

/*
 * A new allocation makes no tenant yet: the definition does, and its fsync takes along what came before it on the same file
 * system. So a creation waits for the disk three times, not five.
 */
static int save_text(const char *name, const char *text) {
        _cleanup_close_ int tenants_fd = path_open(PATH_TENANTS), dir_fd = -1;
        bool made;
        int r;

        if (tenants_fd < 0) {
                return tenants_fd;
        }
        made = mkdirat(tenants_fd, name, 0700) >= 0;
        dir_fd = open_beneath(tenants_fd, name, O_PATH | O_DIRECTORY, 0);
        if (dir_fd < 0) {
                return dir_fd;
        }
        r = made ? put_mark(dir_fd, INCOMPLETE) : 0;
        if (r < 0) {
                return r;
        }
        if (made && definition_comes_after(tenants_fd)) {
                return file_create_ordered(dir_fd, "allocation", 0600, text, strlen(text));
        }
        r = file_replace_atomic(dir_fd, "allocation", 0600, text, strlen(text));
        return r >= 0 && made ? sync_directory(tenants_fd) : r;
}

int allocation_save(const char *name, const Allocation *a, TenantError *error) {
        _cleanup_(keyfile_free_p) Keyfile *k = NULL;
        _cleanup_free_ char *text = NULL;
        int r = tenant_name_check("tenant", name, error);

        if (r >= 0) {
                r = allocation_to_keyfile(a, &k, error);
        }
        if (r >= 0) {
                r = keyfile_format(k, &text);
        }
        if (r < 0) {
                return r;
        }
        r = save_text(name, text);
        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot write %s", allocation_path(name).path)
                     : 0;
}

static int remove_below(int tenants_fd, const char *name) {
        char removed[TENANT_NAME_MAX + 16];
        int r;

        snprintf(removed, sizeof(removed), ".%s" REMOVED_SUFFIX, name);
        r = tree_remove(tenants_fd, removed); /* of an earlier removal that was killed */
        if (r < 0) {
                return r;
        }
        if (renameat(tenants_fd, name, tenants_fd, removed) < 0) {
                return errno == ENOENT ? 0 : -errno;
        }
        r = sync_directory(tenants_fd);
        return r < 0 ? r : tree_remove(tenants_fd, removed);
}

int allocation_remove(const char *name, TenantError *error) {
        _cleanup_close_ int tenants_fd = -1;
        int r = tenant_name_check("tenant", name, error);

        if (r < 0) {
                return r;
        }
        tenants_fd = open_tenants(error);
        if (tenants_fd < 0) {
                return tenants_fd;
        }
        r = remove_below(tenants_fd, name);
        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot remove %s/%s", path_get(PATH_TENANTS),
                                       name)
                     : 0;
}

int allocation_collect(TenantError *error) {
        _cleanup_close_ int tenants_fd = open_tenants(error);
        int r = tenants_fd < 0 ? tenants_fd : tree_remove_suffix(tenants_fd, REMOVED_SUFFIX);

        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot clean up %s", path_get(PATH_TENANTS)) : 0;
}

/* tenants/NAME, O_RDONLY. */
static int open_tenant(const char *name) {
        _cleanup_close_ int tenants_fd = path_open(PATH_TENANTS);

        return tenants_fd < 0 ? tenants_fd : open_beneath(tenants_fd, name, O_RDONLY | O_DIRECTORY, 0);
}

static bool has_file(int dir_fd, const char *file) {
        struct stat st;

        return fstatat(dir_fd, file, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

AllocationStage allocation_stage(const char *name) {
        _cleanup_close_ int dir_fd = open_tenant(name);

        if (dir_fd < 0) {
                return ALLOCATION_COMPLETE;
        }
        if (has_file(dir_fd, REMOVING)) {
                return ALLOCATION_REMOVING;
        }
        return has_file(dir_fd, INCOMPLETE) || (!has_file(dir_fd, "allocation") && errno == ENOENT)
                       ? ALLOCATION_INCOMPLETE
                       : ALLOCATION_COMPLETE;
}

/* In this order, and twice: a tenant may be made or removed meanwhile. */
bool allocation_is_orphan(const char *name) {
        return allocation_stage(name) == ALLOCATION_COMPLETE && !definition_exists(name) &&
               allocation_exists(name) && allocation_stage(name) == ALLOCATION_COMPLETE;
}

int allocation_begin_removal(const char *name, TenantError *error) {
        _cleanup_close_ int dir_fd = open_tenant(name);
        int r = dir_fd < 0 ? dir_fd : put_mark(dir_fd, REMOVING);

        if (r == -ENOENT) {
                return 0;
        }
        r = r < 0 ? r : fsync(dir_fd) < 0 ? -errno : 0;
        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot write %s/%s/" REMOVING,
                                       path_get(PATH_TENANTS), name)
                     : 0;
}

int allocation_undefined(const char *name, TenantError *error) {
        _cleanup_close_ int dir_fd = open_tenant(name);

        return dir_fd < 0 || renameat(dir_fd, REMOVING, dir_fd, INCOMPLETE) == 0 || errno == ENOENT
                       ? 0
                       : error_set_errno(error, errno, E_FAILED, "Cannot rename %s/%s/" REMOVING,
                                         path_get(PATH_TENANTS), name);
}

int allocation_settle(const char *name, TenantError *error) {
        static const char *const marks[] = { INCOMPLETE, REMOVING };
        _cleanup_close_ int dir_fd = open_tenant(name);

        for (size_t i = 0; i < ELEMENTSOF(marks); i++) {
                if (dir_fd >= 0 && unlinkat(dir_fd, marks[i], 0) < 0 && errno != ENOENT) {
                        return error_set_errno(error, errno, E_FAILED, "Cannot remove %s/%s/%s",
                                               path_get(PATH_TENANTS), name, marks[i]);
                }
        }
        return 0;
}

bool allocation_exists(const char *name) {
        char path[300];

        snprintf(path, sizeof(path), "%s/%s", path_get(PATH_TENANTS), name);
        return tenant_name_is_valid(name) && access(path, F_OK) == 0;
}

int allocation_list(char ***ret, TenantError *error) {
        int r = name_list_directories(path_get(PATH_TENANTS), ret);

        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot read %s", path_get(PATH_TENANTS)) : 0;
}

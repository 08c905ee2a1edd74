/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * image.c: see image.h. Refuses to hand out a half-made image, to replace one, and to remove one that a
 * tenant may use. Unpacks nothing. Owned by agent/tenant; nothing else writes in PATH_IMAGES but unpackers,
 * below the descriptor of image_begin.
 */
#include "image.h"
#include "allocation.h"
#include "fd.h"
#include "idrange.h"
#include "io.h"
#include "name.h"
#include "parse.h"
#include "paths.h"
#include "tree.h"
#include <fcntl.h>

#define FORMAT "1"
#define SECTION "Image"
#define DIGEST_PREFIX "sha256:"
#define PARTIAL_SUFFIX ".partial"
#define REMOVED_SUFFIX ".removed"

/* ".NAME.partial" */
typedef struct HiddenName {
        char name[TENANT_NAME_MAX + 16];
} HiddenName;

static HiddenName hidden_name(const char *name, const char *suffix) {
        HiddenName h;

        snprintf(h.name, sizeof(h.name), ".%s%s", name, suffix);
        return h;
}

Image *image_free(Image *i) {
        if (!i) {
                return NULL;
        }
        free(i->name);
        free(i->digest);
        free(i->source);
        free(i->profile);
        free(i);
        return NULL;
}

static int no_such_image(const char *name, TenantError *error) {
        return error_set(error, ENOENT, E_NO_SUCH_IMAGE,
                         "There is no image %s; see tenantctl image list, or make it with tenantctl image "
                         "import or build",
                         name);
}

static int image_exists(const char *name, TenantError *error) {
        return error_set(error, EEXIST, E_IMAGE_EXISTS,
                         "There is an image %s already; choose another name or remove it first", name);
}

static int failed(int r, const char *what, const char *name, TenantError *error) {
        return error_set_errno(error, r, E_FAILED, "Cannot %s image %s in %s", what, name,
                               path_get(PATH_IMAGES));
}

static int open_images(TenantError *error) {
        int fd = path_open(PATH_IMAGES);

        return fd < 0 ? error_set_errno(error, fd, E_FAILED, "Cannot open %s", path_get(PATH_IMAGES)) : fd;
}

/* Checks the name and opens images/. */
static int open_for(const char *name, TenantError *error) {
        int r = tenant_name_check("image", name, error);

        return r < 0 ? r : open_images(error);
}

static bool digest_is_valid(const char *digest) {
        size_t prefix = strlen(DIGEST_PREFIX);

        return strncmp(digest, DIGEST_PREFIX, prefix) == 0 && strlen(digest + prefix) == 64 &&
               strspn(digest + prefix, "0123456789abcdef") == 64;
}

static bool profile_is_valid(const char *profile) {
        return strcmp(profile, "docker") == 0 || strcmp(profile, "plain") == 0;
}

static bool image_is_valid(const Image *i) {
        return i->digest && digest_is_valid(i->digest) && i->source && i->source[0] &&
               text_is_safe(i->source, IMAGE_SOURCE_MAX) && i->profile && profile_is_valid(i->profile);
}

static int damaged(const char *name, const char *key, TenantError *error) {
        return error_set(error, EBADMSG, E_DAMAGED,
                         "%s/%s/manifest: %s is missing or not valid; import the image again under another "
                         "name and change "
                         "the tenants that use it",
                         path_get(PATH_IMAGES), name, key);
}

static int read_number(const Keyfile *k, const char *name, const char *key, uint64_t maximum, uint64_t *ret,
                       TenantError *error) {
        const char *value = keyfile_value(k, SECTION, key);

        return !value || parse_u64(value, ret) < 0 || *ret > maximum ? damaged(name, key, error) : 0;
}

static int read_text(const Keyfile *k, const char *name, const char *key, char **ret, TenantError *error) {
        const char *value = keyfile_value(k, SECTION, key);

        if (!value) {
                return damaged(name, key, error);
        }
        *ret = strdup(value);
        return *ret ? 0 : -ENOMEM;
}

static int read_numbers(const Keyfile *k, Image *i, TenantError *error) {
        uint64_t skipped = 0;
        int r = read_number(k, i->name, "SizeBytes", UINT64_MAX, &i->size_bytes, error);

        if (r >= 0) {
                r = read_number(k, i->name, "Entries", UINT64_MAX, &i->entries, error);
        }
        if (r >= 0) {
                r = read_number(k, i->name, "CreatedUsec", UINT64_MAX, &i->created_usec, error);
        }
        if (r >= 0) {
                r = read_number(k, i->name, "Skipped", UINT32_MAX, &skipped, error);
        }
        i->skipped = (uint32_t) skipped;
        return r;
}

int image_from_keyfile(const char *name, const Keyfile *keyfile, Image **ret, TenantError *error) {
        _cleanup_(image_free_p) Image *i = calloc(1, sizeof(*i));
        const char *format = keyfile_value(keyfile, SECTION, "Format");
        int r;

        if (!i || !(i->name = strdup(name))) {
                return -ENOMEM;
        }
        if (!format || strcmp(format, FORMAT) != 0) {
                return damaged(name, "Format", error);
        }
        r = read_text(keyfile, name, "Digest", &i->digest, error);
        if (r >= 0) {
                r = read_text(keyfile, name, "Source", &i->source, error);
        }
        if (r >= 0) {
                r = read_text(keyfile, name, "Profile", &i->profile, error);
        }
        if (r >= 0) {
                r = read_numbers(keyfile, i, error);
        }
        if (r < 0) {
                return r;
        }
        if (!image_is_valid(i)) {
                return damaged(name, "Digest, Source or Profile", error);
        }
        *ret = TAKE_PTR(i);
        return 0;
}

int image_load(const char *name, Image **ret, TenantError *error) {
        _cleanup_(keyfile_free_p) Keyfile *k = NULL;
        _cleanup_free_ char *path = NULL;
        TenantError detail = {};
        int r = tenant_name_check("image", name, error);

        if (r < 0) {
                return r;
        }
        if (asprintf(&path, "%s/%s/manifest", path_get(PATH_IMAGES), name) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        r = keyfile_new(&k);
        if (r >= 0) {
                r = keyfile_load(k, path, &detail);
        }
        if (r == -ENOENT) {
                return no_such_image(name, error);
        }
        if (r == -EINVAL) {
                return damaged(name, "a line of it", error);
        }
        if (r < 0) {
                return failed(r, "read", name, error);
        }
        return image_from_keyfile(name, k, ret, error);
}

int image_list(char ***ret, TenantError *error) {
        int r = name_list_directories(path_get(PATH_IMAGES), ret);

        return r < 0 ? error_set_errno(error, r, E_FAILED, "Cannot read %s", path_get(PATH_IMAGES)) : 0;
}

int image_open_root(const char *name, TenantError *error) {
        char path[TENANT_NAME_MAX + 16];
        _cleanup_close_ int images_fd = open_for(name, error);
        int fd;

        if (images_fd < 0) {
                return images_fd;
        }
        snprintf(path, sizeof(path), "%s/root", name);
        fd = open_beneath(images_fd, path, O_PATH | O_DIRECTORY, 0);
        if (fd == -ENOENT) {
                return no_such_image(name, error);
        }
        return fd < 0 ? failed(fd, "open", name, error) : fd;
}

static bool is_there(int images_fd, const char *name) {
        return faccessat(images_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) >= 0;
}

static int make_partial(int images_fd, const char *name) {
        _cleanup_close_ int partial_fd = -1, fd = -1;
        HiddenName partial = hidden_name(name, PARTIAL_SUFFIX);
        int r = tree_remove(images_fd, partial.name);

        if (r < 0) {
                return r;
        }
        partial_fd = mkdir_open_beneath(images_fd, partial.name, 0700);
        if (partial_fd < 0) {
                return partial_fd;
        }
        if (mkdirat(partial_fd, "root", 0755) < 0) {
                return -errno;
        }
        fd = open_beneath(partial_fd, "root", O_RDONLY | O_DIRECTORY, 0);
        if (fd < 0) {
                return fd;
        }
        /* The mode again, whatever the umask was; owner first, since it may clear bits. */
        if (fchown(fd, IMAGE_ID_BASE, IMAGE_ID_BASE) < 0 || fchmod(fd, 0755) < 0) {
                return -errno;
        }
        return TAKE_FD(fd);
}

int image_begin(const char *name, TenantError *error) {
        _cleanup_close_ int images_fd = open_for(name, error);
        int fd;

        if (images_fd < 0) {
                return images_fd;
        }
        if (is_there(images_fd, name)) {
                return image_exists(name, error);
        }
        fd = make_partial(images_fd, name);
        return fd < 0 ? failed(fd, "begin", name, error) : fd;
}

static int set_number(Keyfile *k, const char *key, uint64_t value, TenantError *error) {
        char text[24];

        snprintf(text, sizeof(text), "%llu", (unsigned long long) value);
        return keyfile_set(k, SECTION, key, text, error);
}

int image_to_keyfile(const Image *image, Keyfile **ret, TenantError *error) {
        _cleanup_(keyfile_free_p) Keyfile *k = NULL;
        int r = keyfile_new(&k);

        if (r < 0) {
                return r;
        }
        if (!image_is_valid(image)) {
                return error_set(error, EINVAL, E_FAILED,
                                 "The manifest of image %s lacks digest, source or profile", image->name);
        }
        const char *const texts[][2] = {
                { "Format", FORMAT },
                { "Digest", image->digest },
                { "Source", image->source },
                { "Profile", image->profile },
        };
        const struct {
                const char *key;
                uint64_t value;
        } numbers[] = {
                { "SizeBytes", image->size_bytes },
                { "Entries", image->entries },
                { "CreatedUsec", image->created_usec },
                { "Skipped", image->skipped },
        };
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(texts); i++) {
                r = keyfile_set(k, SECTION, texts[i][0], texts[i][1], error);
        }
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(numbers); i++) {
                r = set_number(k, numbers[i].key, numbers[i].value, error);
        }
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(k);
        return 0;
}

/*
 * An image that is listed is whole, also after the power failed: everything is on disk before the name is.
 */
static int commit_partial(int images_fd, const char *name, const char *manifest) {
        HiddenName partial = hidden_name(name, PARTIAL_SUFFIX);
        _cleanup_close_ int sync_fd = open_beneath(images_fd, ".", O_RDONLY | O_DIRECTORY, 0),
                            partial_fd = -1;
        int r;

        if (sync_fd < 0) {
                return sync_fd;
        }
        partial_fd = open_beneath(images_fd, partial.name, O_PATH | O_DIRECTORY, 0);
        if (partial_fd < 0) {
                return partial_fd;
        }
        r = file_replace_atomic(partial_fd, "manifest", 0600, manifest, strlen(manifest));
        if (r < 0) {
                return r;
        }
        if (syncfs(sync_fd) < 0 ||
            renameat2(images_fd, partial.name, images_fd, name, RENAME_NOREPLACE) < 0 ||
            fsync(sync_fd) < 0) {
                return -errno;
        }
        return 0;
}

int image_commit(const Image *image, TenantError *error) {
        _cleanup_(keyfile_free_p) Keyfile *k = NULL;
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int images_fd = open_for(image->name, error);
        int r;

        if (images_fd < 0) {
                return images_fd;
        }
        r = image_to_keyfile(image, &k, error);
        if (r >= 0) {
                r = keyfile_format(k, &text);
        }
        if (r < 0) {
                return r;
        }
        r = commit_partial(images_fd, image->name, text);
        if (r == -EEXIST) {
                return image_exists(image->name, error);
        }
        return r < 0 ? failed(r, "commit", image->name, error) : 0;
}

int image_abort(const char *name, TenantError *error) {
        _cleanup_close_ int images_fd = open_for(name, error);
        int r = images_fd < 0 ? images_fd : tree_remove(images_fd, hidden_name(name, PARTIAL_SUFFIX).name);

        return r < 0 && images_fd >= 0 ? failed(r, "abort", name, error) : r;
}

int image_users(const char *name, char ***ret, TenantError *error) {
        _cleanup_(strv_free_p) char **all = NULL, **users = calloc(1, sizeof(char *));
        int r = users ? definition_list(&all, error) : -ENOMEM;

        for (char **tenant = all; r >= 0 && *tenant; tenant++) {
                _cleanup_(definition_free_p) Definition *d = NULL;

                r = definition_load(*tenant, &d, error);
                if (r == -ENOENT) {
                        r = 0; /* removed since it was listed */
                } else if (r >= 0 && strcmp(d->image, name) == 0) {
                        r = strv_push(&users, *tenant);
                }
        }
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(users);
        return 0;
}

/* One whose definition is missing may come back with it. */
static int check_undefined(const char *name, TenantError *error) {
        _cleanup_(strv_free_p) char **all = NULL;
        int r = allocation_list(&all, error);

        for (char **tenant = all; r >= 0 && *tenant; tenant++) {
                if (allocation_is_orphan(*tenant)) {
                        return error_set(
                                error, EBUSY, E_IMAGE_IN_USE,
                                "Image %s may be that of tenant %s, whose definition is missing; put "
                                "it back, or remove the tenant first: tenantctl remove %s",
                                name, *tenant, *tenant);
                }
        }
        return r;
}

static int check_unused(const char *name, TenantError *error) {
        _cleanup_(strv_free_p) char **users = NULL;
        _cleanup_free_ char *text = NULL;
        int r = image_users(name, &users, error);

        if (r < 0 || !users[0]) {
                return r < 0 ? r : check_undefined(name, error);
        }
        text = strv_join(users, ", ");
        return error_set(error, EBUSY, E_IMAGE_IN_USE,
                         "Image %s is used by %.400s; remove these tenants first", name,
                         text ? text : users[0]);
}

/* Out of sight at once, then out of the way. */
static int remove_below(int images_fd, const char *name) {
        HiddenName removed = hidden_name(name, REMOVED_SUFFIX);
        int r = tree_remove(images_fd, removed.name);

        if (r < 0) {
                return r;
        }
        if (renameat(images_fd, name, images_fd, removed.name) < 0) {
                return -errno;
        }
        return tree_remove(images_fd, removed.name);
}

int image_remove(const char *name, TenantError *error) {
        _cleanup_close_ int images_fd = open_for(name, error);
        int r;

        if (images_fd < 0) {
                return images_fd;
        }
        if (!is_there(images_fd, name)) {
                return no_such_image(name, error);
        }
        r = check_unused(name, error);
        if (r < 0) {
                return r;
        }
        r = remove_below(images_fd, name);
        return r < 0 ? failed(r, "remove", name, error) : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * image.h: immutable root file systems: /var/lib/tenantd/images/NAME/{manifest,root}. On disk every file of
 * an image belongs to IMAGE_ID_BASE + id, so that even a set-uid file of an image is nobody's on the host;
 * each tenant sees it through an idmapped mount. Unpacking is agent/daemon's worker; this file knows what an
 * image is.
 */
#pragma once

#include "cleanup.h"
#include "definition.h"

#define IMAGE_SOURCE_MAX 256u /* bytes of Image.source */

typedef struct Image {
        char *name;
        char *digest; /* "sha256:…" of the file as it was imported (compressed or not), or of the tar that a build made */
        char *source; /* "import" or "build:bookworm" … */
        char *profile; /* "docker" when dockerd is in it, else "plain" */
        uint64_t size_bytes; /* sum of file sizes */
        uint64_t entries;
        uint64_t created_usec; /* CLOCK_REALTIME */
        uint32_t skipped; /* device nodes left out */
} Image;

Image *image_free(Image *i);
DEFINE_CLEANUP(Image *, image_free)

/* Reads the manifest. -ENOENT NoSuchImage, -EBADMSG Damaged. image_from_keyfile: the same from a text. */
int image_from_keyfile(const char *name, const Keyfile *keyfile, Image **ret, TenantError *error)
        _must_check_;
int image_load(const char *name, Image **ret, TenantError *error) _must_check_;

/* Valid names that have a directory in images/, sorted; strv_free. */
int image_list(char ***ret, TenantError *error) _must_check_;

/* O_PATH descriptor of images/NAME/root. -ENOENT NoSuchImage. */
int image_open_root(const char *name, TenantError *error) _must_check_;

/*
 * Makes images/.NAME.partial (0700) with root (0755, owned by IMAGE_ID_BASE) for an unpacker; an earlier
 * partial one is removed, so the caller sees to it that a name has one unpacker. The O_PATH descriptor of
 * root. -EEXIST ImageExists.
 */
int image_begin(const char *name, TenantError *error) _must_check_;

/*
 * What image_commit writes as manifest. The caller frees. -EINVAL: a member is missing or cannot be written.
 */
int image_to_keyfile(const Image *image, Keyfile **ret, TenantError *error) _must_check_;

/*
 * Writes the manifest, syncs the file system, renames the partial directory to NAME, durably. -EEXIST
 * ImageExists.
 */
int image_commit(const Image *image, TenantError *error) _must_check_;
int image_abort(const char *name, TenantError *error) _must_check_; /* idempotent */

/*
 * Names of tenants whose definition uses the image, sorted; strv_free. A definition that cannot be read is
 * an error: it may.
 */
int image_users(const char *name, char ***ret, TenantError *error) _must_check_;

/* Removes it. -ENOENT NoSuchImage, -EBUSY ImageInUse (message names the tenants). */
int image_remove(const char *name, TenantError *error) _must_check_;

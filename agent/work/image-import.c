/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * image-import.c: images from tar archives. Starts the sandbox that unpacks, watches it, and commits what it
 * made; refuses to overwrite an image and to let two workers make the same one. Owned by the agent's
 * workers. Not a byte of the archive is looked at here.
 */
#include "fd.h"
#include "host.h"
#include "image-store.h"
#include "image.h"
#include "name.h"
#include "parse.h"
#include "paths.h"
#include "unpack.h"
#include "work.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#define POLL_MSEC 250
#define SPACE_MIN (UINT64_C(8) << 20)

int image_lock(const char *name, bool exclusive, TenantError *error) {
        int fd = name_lock(PATH_IMAGES, name, exclusive, error);

        return fd == -EBUSY ? error_set(error, EBUSY, E_BUSY,
                                        "Another job works on image '%s'; wait for it or cancel it", name)
                            : fd;
}

int image_check_new(const char *name, TenantError *error) {
        TenantError none = { 0 };
        int r = tenant_name_check("image", name, error);
        _cleanup_close_ int root = -1;

        if (r < 0) {
                return r;
        }
        root = image_open_root(name, &none);
        if (root >= 0) {
                return error_set(error, EEXIST, E_IMAGE_EXISTS,
                                 "There is an image '%s' already; choose another name or remove it first: "
                                 "tenantctl image "
                                 "remove %s",
                                 name, name);
        }
        return root == -ENOENT ? 0
                               : error_set_errno(error, root, E_FAILED, "Cannot look for image '%s'", name);
}

static int commit(const char *name, const char *source, const UnpackReport *report, TenantError *error) {
        struct timespec now;
        _cleanup_(image_free_p) Image *image = calloc(1, sizeof(*image));

        if (!image) {
                return -ENOMEM;
        }
        clock_gettime(CLOCK_REALTIME, &now);
        image->name = strdup(name);
        image->digest = strdup(report->digest);
        image->source = strdup(source);
        image->profile = strdup(report->has_docker ? "docker" : "plain");
        image->size_bytes = report->size_bytes;
        image->entries = report->entries;
        image->skipped = report->skipped;
        image->created_usec = (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000;
        if (!image->name || !image->digest || !image->source || !image->profile) {
                return -ENOMEM;
        }
        return image_commit(image, error);
}

/* Size of what is still to be read of a regular file; 0: not known. */
static uint64_t input_size(int fd) {
        struct stat st;
        off_t at;

        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
                return 0;
        }
        at = lseek(fd, 0, SEEK_CUR);
        return at >= 0 && at < st.st_size ? (uint64_t) (st.st_size - at) : 0;
}

/* Follows the unpacker to its last word, in *ret. 0: it is there; the unpacker may have failed. */
static int follow(int report_fd, uint64_t total, ImageProducer *producer, const struct tenant_host *host,
                  UnpackReport *ret, TenantError *error) {
        for (;;) {
                struct pollfd fds[] = {
                        { .fd = report_fd, .events = POLLIN },
                        { .fd = producer ? producer->fd : -1, .events = POLLIN },
                };
                int r;

                if (host_cancelled(host)) {
                        return error_set(error, ECANCELED, E_CANCELED,
                                         "The job was canceled; nothing is left of the image");
                }
                if (poll(fds, 2, POLL_MSEC) < 0 && errno != EINTR) {
                        return error_set_errno(error, errno, E_FAILED, "Cannot wait for the unpacker");
                }
                if (fds[1].revents) {
                        r = producer->ready(producer, host, error);
                        if (r < 0) {
                                return r;
                        }
                }
                if (!fds[0].revents) {
                        continue;
                }
                r = unpack_receive(report_fd, ret);
                if (r <= 0) {
                        return error_set(error, EIO, E_FAILED,
                                         "The unpacker died without a word; see the kernel's log");
                }
                if (ret->type != UNPACK_PROGRESS) {
                        return 0;
                }
                if (!producer) { /* who tells its own */
                        host_progress(host, total > 0 ? (double) ret->bytes_read / (double) total : -1.0,
                                      "unpack");
                }
        }
}

static int unpack_to(int root_fd, int fd, ImageProducer *producer, const struct tenant_host *host,
                     UnpackReport *ret, TenantError *error) {
        _cleanup_(sandbox_done) Sandbox sandbox = SANDBOX_NONE;
        _cleanup_close_ int report_fd = -1;
        int r = unpack_start(fd, root_fd, &sandbox, &report_fd, error);

        if (r < 0) {
                return r;
        }
        r = follow(report_fd, producer ? 0 : input_size(fd), producer, host, ret, error);
        if (r < 0) {
                return r;
        }
        /*
         * An archive that ends too early is what is left of a program that failed: its reason is the better
         * one.
         */
        if (producer && (ret->type == UNPACK_DONE || strcmp(ret->error.name, E_BAD_IMAGE) == 0)) {
                r = producer->finish(producer, host, error);
                if (r < 0) {
                        return r;
                }
        }
        if (ret->type == UNPACK_FAILED) {
                if (error) {
                        *error = ret->error;
                }
                return ret->error.code;
        }
        return 0;
}

int image_receive(const char *name, int fd, const char *source, ImageProducer *producer,
                  const struct tenant_host *host, TenantError *error) {
        _cleanup_close_ int root = image_begin(name, error);
        UnpackReport report;
        TenantError abort_error = { 0 };
        int r;

        if (root < 0) {
                return root;
        }
        host_progress(host, producer ? -1.0 : 0.0, producer ? "build" : "unpack");
        r = unpack_to(root, fd, producer, host, &report, error);
        if (r >= 0) {
                host_progress(host, 1.0, "commit");
                r = commit(name, source, &report, error);
        }
        if (r < 0 && image_abort(name, &abort_error) < 0) {
                host_log(host, 4, "%s; the next start of tenantd tries again", abort_error.message);
        }
        return r == -ENOMEM ? error_set_errno(error, r, E_FAILED, "Cannot make image '%s'", name) : r;
}

int work_import_image(const char *name, int fd, const char *source, const struct tenant_host *host,
                      TenantError *error) {
        _cleanup_close_ int lock = -1;
        int r = image_check_new(name, error);

        if (r < 0) {
                return r;
        }
        if (source && !text_is_safe(source, IMAGE_SOURCE_MAX)) {
                return error_set(error, EINVAL, E_INVALID_SETTING,
                                 "Source must be printable text of at most %u bytes", IMAGE_SOURCE_MAX);
        }
        /* An archive has at least that much in it, unless it is full of holes. */
        r = space_check(PATH_IMAGES, SPACE_MIN + input_size(fd), error);
        if (r < 0) {
                return r;
        }
        lock = image_lock(name, true, error);
        if (lock < 0) {
                return lock;
        }
        return image_receive(name, fd, source && *source ? source : "import", NULL, host, error);
}

int work_remove_image(const char *name, const struct tenant_host *host, TenantError *error) {
        _cleanup_close_ int lock = -1;
        int r = tenant_name_check("image", name, error);

        if (r < 0) {
                return r;
        }
        lock = image_lock(name, true, error);
        if (lock < 0) {
                return lock;
        }
        host_progress(host, -1.0, "remove");
        return image_remove(name, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unpack.c: see unpack.h. Unpacks a root file system from a tar that anybody may have written. Refuses names
 * that leave the root, files behind symbolic links, foreign owners, archives that end early and trees
 * without an init; leaves out device nodes and attributes that mean something to an overlay. It runs in a
 * sandbox whose only file system is the image being made, so that what slips through these checks still ends
 * at the image.
 */
#include "unpack.h"
#include "fd.h"
#include "idrange.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <openssl/evp.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>

#define BLOCK_SIZE (1024u * 1024u)
#define ENTRIES_MAX 5000000u
#define NAME_LENGTH_MAX 4095u
#define PROGRESS_BYTES (8u * 1024u * 1024u)
#define SPACE_CHECK_BYTES (64u * 1024u * 1024u)
#define SPACE_CHECK_ENTRIES 16384u
#define SPACE_KEEP_PERCENT 2u

typedef struct Unpack {
        int fd;
        int root_fd;
        int report_fd;
        EVP_MD_CTX *digest;
        struct archive *in;
        struct archive *out;
        char *block;
        bool input_ended;
        uint64_t told_bytes; /* bytes_read of the last progress report */
        uint64_t checked_bytes; /* size_bytes at the last look at the free space */
        uint64_t checked_entries;
        UnpackReport report;
} Unpack;

static int bad(Unpack *u, const char *name, const char *what) {
        return error_set(&u->report.error, EBADMSG, E_BAD_IMAGE, "The archive cannot be used: '%.200s' %s",
                         name, what);
}

static void tell(Unpack *u, UnpackType type) {
        u->report.type = type;
        /* A parent that does not listen any more kills us. */
        (void) send(u->report_fd, &u->report, sizeof(u->report), MSG_NOSIGNAL);
}

/* libarchive's reader: every byte is counted and hashed before anything looks at it. */
static la_ssize_t read_block(struct archive *a, void *userdata, const void **ret) {
        Unpack *u = userdata;
        ssize_t n;

        do {
                n = read(u->fd, u->block, BLOCK_SIZE);
        } while (n < 0 && errno == EINTR);
        if (n < 0) {
                archive_set_error(a, errno, "Cannot read the archive");
                return ARCHIVE_FATAL;
        }
        u->input_ended = n == 0;
        if (!EVP_DigestUpdate(u->digest, u->block, (size_t) n)) {
                archive_set_error(a, ENOMEM, "Cannot compute the digest");
                return ARCHIVE_FATAL;
        }
        u->report.bytes_read += (uint64_t) n;
        if (u->report.bytes_read - u->told_bytes >= PROGRESS_BYTES) {
                u->told_bytes = u->report.bytes_read;
                tell(u, UNPACK_PROGRESS);
        }
        *ret = u->block;
        return n;
}

/*
 * The name below the root: leading slashes and dots gone; NULL when a component is "..". "" becomes ".".
 * A name that the locale could not hold is NULL already.
 */
static const char *name_below_root(const char *name) {
        if (!name || strlen(name) > NAME_LENGTH_MAX) {
                return NULL;
        }
        for (const char *p = name; *p;) {
                size_t n = strcspn(p, "/");

                if (n == 2 && strncmp(p, "..", 2) == 0) {
                        return NULL;
                }
                p += n;
                p += strspn(p, "/");
        }
        for (;;) {
                if (name[0] == '/') {
                        name++;
                } else if (name[0] == '.' && (name[1] == '/' || name[1] == '\0')) {
                        name++;
                } else {
                        return *name ? name : ".";
                }
        }
}

static int check_names(Unpack *u, struct archive_entry *entry) {
        const char *name = name_below_root(archive_entry_pathname(entry));
        const char *link = archive_entry_hardlink(entry);
        _cleanup_free_ char *copy = NULL, *link_copy = NULL;

        if (!name) {
                return bad(u,
                           archive_entry_pathname(entry) ? archive_entry_pathname(entry)
                                                         : "(a name in no known encoding)",
                           "is too long or would leave the image ('..')");
        }
        copy = strdup(name); /* the setters free what the getters gave */
        if (link) {
                link = name_below_root(link);
                if (!link || strcmp(link, ".") == 0) {
                        return bad(u, copy ? copy : "", "is a hard link that would leave the image");
                }
                link_copy = strdup(link);
                archive_entry_copy_hardlink(entry, link_copy);
        }
        archive_entry_copy_pathname(entry, copy);
        return copy && (!link || link_copy) ? 0 : -ENOMEM;
}

/*
 * No name may go through a symbolic link of the same archive. One look by the kernel; libarchive's own check
 * (ARCHIVE_EXTRACT_SECURE_SYMLINKS) opens every component of every name, which costs a third of the whole
 * unpacking. What is not there yet will be made as directories.
 */
static int check_links(Unpack *u, const char *name, bool whole) {
        char above[NAME_LENGTH_MAX + 1];
        const char *slash = strrchr(name, '/');
        int fd;

        if (!whole && !slash) {
                return 0;
        }
        snprintf(above, sizeof(above), "%.*s", whole ? (int) strlen(name) : (int) (slash - name), name);
        fd = open_beneath(AT_FDCWD, above, O_PATH,
                          0); /* with O_NOFOLLOW a link at the end would be opened */
        if (fd == -ELOOP) {
                return bad(u, name, "goes through a symbolic link of the same archive");
        }
        (void) fd_close(fd); /* returns -1 always */
        return 0;
}

static int check_places(Unpack *u, struct archive_entry *entry) {
        const char *link = archive_entry_hardlink(entry), *name = archive_entry_pathname(entry);
        int r = check_links(u, name, !link && archive_entry_filetype(entry) == AE_IFDIR);

        return r < 0 || !link ? r : check_links(u, link, false);
}

static int check_owner(Unpack *u, struct archive_entry *entry) {
        la_int64_t uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);

        if (uid < 0 || uid >= IMAGE_ID_COUNT || gid < 0 || gid >= IMAGE_ID_COUNT) {
                return bad(u, archive_entry_pathname(entry), "belongs to an id outside of 0 to 65535");
        }
        return 0;
}

/*
 * What stays: file capabilities and the user's own. Not what an overlay would act upon, and not labels of
 * another host's security modules.
 */
static bool xattr_is_wanted(const char *name) {
        return strcmp(name, "security.capability") == 0 ||
               (strncmp(name, "user.", 5) == 0 && strncmp(name, "user.overlay.", 13) != 0);
}

static int filter_xattrs(struct archive_entry *entry) {
        struct archive_entry *kept;
        const char *name;
        const void *value;
        size_t size;

        if (archive_entry_xattr_count(entry) == 0) {
                return 0;
        }
        kept = archive_entry_new();
        if (!kept) {
                return -ENOMEM;
        }
        archive_entry_xattr_reset(entry);
        while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
                if (xattr_is_wanted(name)) {
                        archive_entry_xattr_add_entry(kept, name, value, size);
                }
        }
        archive_entry_xattr_clear(entry);
        archive_entry_xattr_reset(kept);
        while (archive_entry_xattr_next(kept, &name, &value, &size) == ARCHIVE_OK) {
                archive_entry_xattr_add_entry(entry, name, value, size);
        }
        archive_entry_free(kept);
        return 0;
}

static int read_error(Unpack *u) {
        const char *text = archive_error_string(u->in);

        return error_set(&u->report.error, EBADMSG, E_BAD_IMAGE,
                         "The archive cannot be read as a tar to its end: %.200s",
                         text ? text : "unknown format");
}

static int no_space(Unpack *u) {
        return error_set(
                &u->report.error, ENOSPC, E_NO_SPACE,
                "Not enough space for the image after %llu MiB; make room in /var/lib/tenantd/images",
                (unsigned long long) (u->report.size_bytes >> 20));
}

static int write_error(Unpack *u, struct archive_entry *entry) {
        int code = archive_errno(u->out);
        const char *text = archive_error_string(u->out);

        if (code == ENOSPC || code == EDQUOT) {
                return no_space(u);
        }
        return error_set(&u->report.error, EBADMSG, E_BAD_IMAGE,
                         "The archive cannot be used: '%.200s': %.200s", archive_entry_pathname(entry),
                         text ? text : strerror(code));
}

/* An image must not eat the space that running tenants and the journal need. */
static int check_space(Unpack *u) {
        struct statvfs st;

        if (u->report.size_bytes - u->checked_bytes < SPACE_CHECK_BYTES &&
            u->report.entries - u->checked_entries < SPACE_CHECK_ENTRIES) {
                return 0;
        }
        u->checked_bytes = u->report.size_bytes;
        u->checked_entries = u->report.entries;
        if (statvfs("/", &st) < 0) {
                return -errno;
        }
        if (st.f_bavail < st.f_blocks / 100 * SPACE_KEEP_PERCENT ||
            (st.f_files > 0 && st.f_favail < st.f_files / 100 * SPACE_KEEP_PERCENT)) {
                return no_space(u);
        }
        return 0;
}

static int copy_data(Unpack *u, struct archive_entry *entry) {
        const void *data;
        size_t size;
        la_int64_t offset;
        int r;

        while ((r = archive_read_data_block(u->in, &data, &size, &offset)) != ARCHIVE_EOF) {
                if (r < ARCHIVE_WARN) {
                        return read_error(u);
                }
                if (archive_write_data_block(u->out, data, size, offset) < ARCHIVE_WARN) {
                        return write_error(u, entry);
                }
                u->report.size_bytes += size;
                r = check_space(u);
                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

static int unpack_entry(Unpack *u, struct archive_entry *entry) {
        mode_t type = archive_entry_filetype(entry);
        int r;

        if (++u->report.entries > ENTRIES_MAX) {
                return bad(u, "it", "has more than 5 million entries");
        }
        r = check_names(u, entry);
        if (r < 0) {
                return r;
        }
        if (type == AE_IFCHR || type == AE_IFBLK) {
                u->report.skipped++;
                return 0;
        }
        r = check_places(u, entry);
        r = r < 0 ? r : check_owner(u, entry);
        r = r < 0 ? r : check_space(u);
        r = r < 0 ? r : filter_xattrs(entry);
        if (r < 0) {
                return r;
        }
        if (archive_write_header(u->out, entry) < ARCHIVE_WARN) {
                return write_error(u, entry);
        }
        r = archive_entry_size(entry) > 0 ? copy_data(u, entry) : 0;
        if (r >= 0 && archive_write_finish_entry(u->out) < ARCHIVE_WARN) {
                r = write_error(u, entry);
        }
        return r;
}

/*
 * A tar that was cut between two entries reads well, but has no end mark: then nothing is consumed after the
 * last entry.
 */
static int check_end(Unpack *u) {
        if (archive_filter_bytes(u->in, 0) <= archive_read_header_position(u->in)) {
                return error_set(&u->report.error, EBADMSG, E_BAD_IMAGE,
                                 "The archive has no end mark: it is truncated; transfer it again");
        }
        return 0;
}

static int unpack_entries(Unpack *u) {
        struct archive_entry *entry;
        int r;

        for (;;) {
                int q = archive_read_next_header(u->in, &entry);

                if (q == ARCHIVE_EOF) {
                        return check_end(u);
                }
                if (q < ARCHIVE_WARN) {
                        return read_error(u);
                }
                r = unpack_entry(u, entry);
                if (r < 0) {
                        return r;
                }
        }
}

/*
 * What follows the end mark (padding, or what a compressor left) belongs to the file and so to its digest.
 */
static int drain(Unpack *u) {
        const void *unused;

        while (!u->input_ended) {
                if (read_block(u->in, u, &unused) < 0) {
                        return read_error(u);
                }
        }
        return 0;
}

static bool is_program(const char *path) {
        struct stat st;

        return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

/* The root is the image's: links are followed as the tenant would follow them. */
static int check_tree(Unpack *u) {
        u->report.has_docker = is_program("/usr/bin/dockerd") || is_program("/usr/sbin/dockerd");
        if (!is_program("/sbin/init") && !is_program("/usr/lib/systemd/systemd")) {
                return error_set(&u->report.error, EBADMSG, E_BAD_IMAGE,
                                 "The image has no init: neither /sbin/init nor /usr/lib/systemd/systemd is "
                                 "a program; "
                                 "install the package systemd-sysv in it");
        }
        return 0;
}

static int finish(Unpack *u) {
        unsigned char sum[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        int n;

        if (!EVP_DigestFinal_ex(u->digest, sum, &size)) {
                return -ENOMEM;
        }
        n = snprintf(u->report.digest, sizeof(u->report.digest), "sha256:");
        for (unsigned i = 0; i < size; i++) {
                n += snprintf(u->report.digest + n, sizeof(u->report.digest) - (size_t) n, "%02x", sum[i]);
        }
        return 0;
}

/* Compressions that libarchive does itself; for others it would look for a program. */
static int reader_open(Unpack *u) {
        u->in = archive_read_new();
        if (!u->in || archive_read_support_format_tar(u->in) < ARCHIVE_WARN ||
            archive_read_support_filter_gzip(u->in) < ARCHIVE_OK ||
            archive_read_support_filter_bzip2(u->in) < ARCHIVE_OK ||
            archive_read_support_filter_xz(u->in) < ARCHIVE_OK ||
            archive_read_support_filter_lzma(u->in) < ARCHIVE_OK ||
            archive_read_support_filter_compress(u->in) < ARCHIVE_OK ||
            archive_read_support_filter_zstd(u->in) < ARCHIVE_OK ||
            archive_read_support_filter_lz4(u->in) < ARCHIVE_OK) {
                return -ENOMEM;
        }
        return archive_read_open(u->in, u, NULL, read_block, NULL) < ARCHIVE_WARN ? read_error(u) : 0;
}

/*
 * Owners are numbers, no lookup. An existing file is replaced, not written through, without
 * ARCHIVE_EXTRACT_UNLINK too.
 */
static int writer_open(Unpack *u) {
        const int flags = ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS |
                          ARCHIVE_EXTRACT_XATTR | ARCHIVE_EXTRACT_ACL | ARCHIVE_EXTRACT_PERM |
                          ARCHIVE_EXTRACT_OWNER | ARCHIVE_EXTRACT_TIME;

        u->out = archive_write_disk_new();
        return u->out && archive_write_disk_set_options(u->out, flags) == ARCHIVE_OK ? 0 : -ENOMEM;
}

static int unpack_all(Unpack *u) {
        int r = reader_open(u);

        if (r < 0) {
                return r;
        }
        r = writer_open(u);
        if (r < 0) {
                return r;
        }
        r = unpack_entries(u);
        if (r < 0) {
                return r;
        }
        if (archive_write_close(u->out) < ARCHIVE_WARN) { /* modes and times of directories */
                return error_set(&u->report.error, EIO, E_FAILED, "Cannot finish the image: %.200s",
                                 archive_error_string(u->out));
        }
        r = drain(u);
        if (r < 0) {
                return r;
        }
        r = check_tree(u);
        return r < 0 ? r : finish(u);
}

/* Only the archive, the report and the root stay open; the root becomes "/". */
static int enclose(Unpack *u) {
        static const cap_value_t keep[] = { CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID,
                                            CAP_SETFCAP };
        const int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        const int from[] = { null_fd, null_fd, null_fd, u->fd, u->report_fd, u->root_fd };
        int high[ELEMENTSOF(from)], r;

        for (int i = 0; i < (int) ELEMENTSOF(from); i++) {
                high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 100);
                if (high[i] < 0) {
                        return -errno;
                }
        }
        for (int i = 0; i < (int) ELEMENTSOF(from); i++) {
                if (dup3(high[i], i, O_CLOEXEC) < 0) {
                        return -errno;
                }
        }
        u->fd = 3;
        u->report_fd = 4;
        u->root_fd = 5;
        if (close_range(6, UINT32_MAX, 0) < 0) {
                return -errno;
        }
        r = sandbox_pivot(u->root_fd);
        if (r < 0) {
                return r;
        }
        u->root_fd = fd_close(u->root_fd);
        umask(0);
        if (chmod("/", 0755) < 0) {
                return -errno;
        }
        return sandbox_drop_capabilities(keep, ELEMENTSOF(keep));
}

static int prepare(Unpack *u) {
        setlocale(LC_CTYPE,
                  "C.UTF-8"); /* names in pax headers are UTF-8; without it they could not be converted */
        u->digest = EVP_MD_CTX_new();
        u->block = malloc(BLOCK_SIZE);
        return u->digest && u->block && EVP_DigestInit_ex(u->digest, EVP_sha256(), NULL) ? 0 : -ENOMEM;
}

static int conclude(Unpack *u, int r) {
        if (r < 0 && u->report.error.code == 0) {
                error_set_errno(&u->report.error, r, E_FAILED, "Cannot unpack the image");
        }
        tell(u, r < 0 ? UNPACK_FAILED : UNPACK_DONE);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int unpack_body(void *userdata) {
        Unpack *u = userdata;
        int r = prepare(u);

        r = r < 0 ? r : enclose(u);
        r = r < 0 ? r : unpack_all(u);
        return conclude(u, r);
}

int unpack_start(int fd, int root_fd, Sandbox *ret, int *ret_report_fd, TenantError *error) {
        _cleanup_close_ int ours = -1, theirs = -1;
        int pair[2], r;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
                return error_set_errno(error, errno, E_FAILED, "Cannot make a socket pair");
        }
        ours = pair[0];
        theirs = pair[1];
        Unpack unpack = { .fd = fd, .root_fd = root_fd, .report_fd = theirs };
        r = sandbox_start(CLONE_NEWNET, unpack_body, &unpack, ret, error);
        if (r >= 0) {
                *ret_report_fd = TAKE_FD(ours);
        }
        return r;
}

static bool digest_is_valid(const char digest[72]) {
        return strncmp(digest, "sha256:", 7) == 0 && strspn(digest + 7, "0123456789abcdef") == 64;
}

/* The text quotes names of the archive, perhaps cut within a character. */
static int clean_error(TenantError *error) {
        size_t n = strspn(error->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

        for (char *p = error->message; *p; p++) {
                *p = *p < 0x20 || *p >= 0x7f ? '?' : *p;
        }
        return error->code < 0 && error->code >= -4095 && n > 0 && error->name[n] == '\0' ? 1 : -EBADMSG;
}

int unpack_receive(int report_fd, UnpackReport *ret) {
        ssize_t n;

        do {
                n = recv(report_fd, ret, sizeof(*ret), 0);
        } while (n < 0 && errno == EINTR);
        if (n <= 0) {
                return n < 0 && errno != ECONNRESET ? -errno : 0;
        }
        if ((size_t) n != sizeof(*ret) || (unsigned) ret->type > UNPACK_FAILED) {
                return -EBADMSG;
        }
        ret->digest[sizeof(ret->digest) - 1] = '\0';
        ret->error.name[sizeof(ret->error.name) - 1] = '\0';
        ret->error.message[sizeof(ret->error.message) - 1] = '\0';
        if (ret->type == UNPACK_DONE && !digest_is_valid(ret->digest)) {
                return -EBADMSG;
        }
        return ret->type == UNPACK_FAILED ? clean_error(&ret->error) : 1;
}

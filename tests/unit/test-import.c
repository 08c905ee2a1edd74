/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test-import.c: archives that anybody may have written, through the real sandbox. What is refused leaves
 * nothing behind; what is harmless stays in the image. Needs root for the user namespace, and skips with
 * that reason without it.
 */
#include "backends.h"
#include "idrange.h"
#include "image.h"
#include "unit.h"
#include "work.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define IMAGES "var/lib/tenantd/images"
#define ROOT IMAGES "/web/root"

/* A tar in a memfd, being written. */
typedef struct Tar {
        int fd;
        struct archive *a;
        struct archive_entry *e;
} Tar;

static Tar tar_begin_filter(int filter) {
        Tar t = { .fd = memfd_create("tar", MFD_CLOEXEC),
                  .a = archive_write_new(),
                  .e = archive_entry_new() };

        assert_true(t.fd >= 0);
        assert_int_equal(archive_write_add_filter(t.a, filter), ARCHIVE_OK);
        assert_int_equal(archive_write_set_format_pax_restricted(t.a), ARCHIVE_OK);
        assert_int_equal(archive_write_open_fd(t.a, t.fd), ARCHIVE_OK);
        return t;
}

static Tar tar_begin(void) {
        return tar_begin_filter(ARCHIVE_FILTER_NONE);
}

static struct archive_entry *entry(Tar *t, const char *path, mode_t mode) {
        archive_entry_clear(t->e);
        archive_entry_set_pathname(t->e, path);
        archive_entry_set_mode(t->e, mode);
        archive_entry_set_mtime(t->e, 1000000000, 0);
        return t->e;
}

static void put(Tar *t, const char *data) {
        archive_entry_set_size(t->e, data ? (la_int64_t) strlen(data) : 0);
        assert_true(archive_write_header(t->a, t->e) >= ARCHIVE_WARN);
        if (data) {
                assert_int_equal(archive_write_data(t->a, data, strlen(data)), (la_ssize_t) strlen(data));
        }
}

static void put_file(Tar *t, const char *path, mode_t mode, const char *data) {
        entry(t, path, S_IFREG | mode);
        put(t, data);
}

static void put_directory(Tar *t, const char *path) {
        entry(t, path, S_IFDIR | 0755);
        put(t, NULL);
}

static void put_symlink(Tar *t, const char *path, const char *target) {
        archive_entry_set_symlink(entry(t, path, S_IFLNK | 0777), target);
        put(t, NULL);
}

static void put_hardlink(Tar *t, const char *path, const char *target) {
        archive_entry_set_hardlink(entry(t, path, S_IFREG | 0644), target);
        put(t, NULL);
}

static void put_init(Tar *t) {
        put_directory(t, "./");
        put_directory(t, "./sbin/");
        put_file(t, "./sbin/init", 0755, "#!/bin/true\n");
}

static int tar_end(Tar *t) {
        assert_int_equal(archive_write_close(t->a), ARCHIVE_OK);
        archive_write_free(t->a);
        archive_entry_free(t->e);
        assert_int_equal(lseek(t->fd, 0, SEEK_SET), 0);
        return t->fd;
}

static int import_fd(int fd, TenantError *e) {
        int r = work_import_image("web", fd, NULL, &host_default, e);

        close(fd);
        return r;
}

static void expect_accepted(Tar *t) {
        TenantError e = { 0 };

        assert_ok(e, import_fd(tar_end(t), &e));
}

/* Nothing of it is left but the files of the locks. */
static void assert_no_images(void) {
        static const char *const locks[] = { IMAGES "/.lock", IMAGES "/.names" };
        size_t left = unit_count(IMAGES);

        for (size_t i = 0; i < ELEMENTSOF(locks); i++) {
                left -= unit_exists(locks[i]) ? 1 : 0;
        }
        assert_int_equal(left, 0);
}

static void expect_refused_fd(int fd, const char *part) {
        TenantError e = { 0 };
        int r = import_fd(fd, &e);

        assert_error(e, r, EBADMSG, E_BAD_IMAGE, part);
        assert_no_images();
}

static void expect_refused(Tar *t, const char *part) {
        expect_refused_fd(tar_end(t), part);
}

static struct stat stat_of(const char *path) {
        struct stat st;

        assert_int_equal(lstat(unit_path(path), &st), 0);
        return st;
}

static void test_plain_tree(void **state) {
        _cleanup_(image_free_p) Image *image = NULL;
        TenantError e = { 0 };
        Tar t = tar_begin();
        struct stat st;

        put_init(&t);
        archive_entry_set_uid(entry(&t, "./srv", S_IFDIR | 02750), 33);
        archive_entry_set_gid(t.e, 65534);
        put(&t, NULL);
        put_file(&t, "./srv/shell", 04755, "four");
        put_hardlink(&t, "./srv/same", "./srv/shell");
        put_symlink(&t, "./srv/absolute", "/etc/shadow");
        expect_accepted(&t);
        st = stat_of(ROOT);
        assert_int_equal(st.st_mode & 07777, 0755);
        assert_int_equal(st.st_uid, IMAGE_ID_BASE);
        st = stat_of(ROOT "/srv");
        assert_int_equal(st.st_mode & 07777, 02750);
        assert_int_equal(st.st_uid, IMAGE_ID_BASE + 33);
        assert_int_equal(st.st_gid, IMAGE_ID_BASE + 65534);
        st = stat_of(ROOT "/srv/shell");
        assert_int_equal(st.st_mode & 07777, 04755); /* of nobody on the host */
        assert_int_equal(st.st_uid, IMAGE_ID_BASE);
        assert_int_equal(st.st_nlink, 2);
        assert_int_equal(st.st_mtime, 1000000000);
        st = stat_of(ROOT "/srv/absolute");
        assert_true(S_ISLNK(st.st_mode));
        assert_ok(e, image_load("web", &image, &e));
        assert_string_equal(image->profile, "plain");
        assert_string_equal(image->source, "import");
        assert_int_equal(image->entries, 7);
        assert_int_equal(image->size_bytes, strlen("#!/bin/true\n") + 4);
        assert_int_equal(image->skipped, 0);
}

static void test_digest_is_of_the_file(void **state) {
        _cleanup_(image_free_p) Image *image = NULL;
        unsigned char sum[EVP_MAX_MD_SIZE];
        char expected[72] = "sha256:";
        TenantError e = { 0 };
        Tar t = tar_begin_filter(ARCHIVE_FILTER_GZIP);
        unsigned size;
        void *data;
        off_t n;
        int fd;

        put_init(&t);
        put_file(&t, "./usr/bin/dockerd", 0755, "x");
        fd = tar_end(&t);
        n = lseek(fd, 0, SEEK_END);
        data = mmap(NULL, (size_t) n, PROT_READ, MAP_PRIVATE, fd, 0);
        assert_int_equal(EVP_Digest(data, (size_t) n, sum, &size, EVP_sha256(), NULL), 1);
        munmap(data, (size_t) n);
        for (unsigned i = 0; i < size; i++) {
                snprintf(expected + 7 + 2 * i, 3, "%02x", sum[i]);
        }
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_ok(e, import_fd(fd, &e));
        assert_ok(e, image_load("web", &image, &e));
        assert_string_equal(image->digest, expected);
        assert_string_equal(image->profile, "docker");
}

static void test_compressions(void **state) {
        static const int filters[] = { ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD,
                                       ARCHIVE_FILTER_LZ4 };

        for (size_t i = 0; i < ELEMENTSOF(filters); i++) {
                Tar t = tar_begin_filter(filters[i]);
                TenantError e = { 0 };

                put_init(&t);
                expect_accepted(&t);
                assert_ok(e, work_remove_image("web", &host_default, &e));
                assert_no_images();
        }
}

static void test_names_that_leave(void **state) {
        static const char *const bad[] = { "../evil", "a/../../evil", "a/..", "..", "/../evil" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                Tar t = tar_begin();

                put_init(&t);
                put_file(&t, bad[i], 0644, "x");
                expect_refused(&t, "..");
        }
}

static void test_absolute_names_stay_inside(void **state) {
        Tar t = tar_begin();

        put_init(&t);
        put_file(&t, "/tenantd-test-absolute", 0644, "x");
        put_file(&t, "..a/b..", 0644, "dots that mean nothing");
        expect_accepted(&t);
        assert_true(unit_exists(ROOT "/tenantd-test-absolute"));
        assert_true(unit_exists(ROOT "/..a/b.."));
        assert_int_equal(access("/tenantd-test-absolute", F_OK), -1);
}

static void test_devices_are_left_out(void **state) {
        _cleanup_(image_free_p) Image *image = NULL;
        TenantError e = { 0 };
        Tar t = tar_begin();

        put_init(&t);
        archive_entry_set_rdev(entry(&t, "./dev/mem", S_IFCHR | 0666), makedev(1, 1));
        put(&t, NULL);
        archive_entry_set_rdev(entry(&t, "./dev/sda", S_IFBLK | 0666), makedev(8, 0));
        put(&t, NULL);
        entry(&t, "./pipe", S_IFIFO | 0600);
        put(&t, NULL);
        expect_accepted(&t);
        assert_false(unit_exists(ROOT "/dev/mem"));
        assert_false(unit_exists(ROOT "/dev/sda"));
        assert_true(S_ISFIFO(stat_of(ROOT "/pipe").st_mode));
        assert_ok(e, image_load("web", &image, &e));
        assert_int_equal(image->skipped, 2);
}

static void test_hard_links_out(void **state) {
        static const char *const bad[] = { "../../../etc/passwd", "..", "/" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                Tar t = tar_begin();

                put_init(&t);
                put_hardlink(&t, "./link", bad[i]);
                expect_refused(&t, "hard link");
        }
        Tar t = tar_begin();
        put_init(&t);
        put_hardlink(&t, "./link", "/etc/passwd"); /* of the image, where it is not */
        expect_refused(&t, "link");
}

static void test_file_through_a_link(void **state) {
        static const char *const targets[] = { "/tmp", "sbin", "../../../../../../tmp" };

        for (size_t i = 0; i < ELEMENTSOF(targets); i++) {
                Tar t = tar_begin();

                put_init(&t);
                put_symlink(&t, "./way", targets[i]);
                put_file(&t, i == 0 ? "./way/a/b/tenantd-test-escape" : "./way/tenantd-test-escape", 0644,
                         "x");
                expect_refused(&t, "way");
                assert_int_equal(access("/tmp/tenantd-test-escape", F_OK), -1);
        }
}

/* Neither is the link replaced by a directory, nor does its target get the mode. */
static void test_directory_over_a_link(void **state) {
        Tar t = tar_begin();

        put_init(&t);
        put_directory(&t, "./target");
        put_symlink(&t, "./way", "target");
        entry(&t, "./way", S_IFDIR | 0777);
        put(&t, NULL);
        expect_refused(&t, "way");
}

static void test_hard_link_through_a_link(void **state) {
        Tar t = tar_begin();

        put_init(&t);
        put_symlink(&t, "./way", "/etc");
        put_hardlink(&t, "./passwd", "way/passwd");
        expect_refused(&t, "passwd");
}

/* The second entry of a name replaces the first; it is not written into what the first pointed to. */
static void test_file_over_a_link(void **state) {
        _cleanup_free_ char *text = NULL;
        Tar t = tar_begin();

        put_init(&t);
        put_file(&t, "./target", 0644, "old");
        put_symlink(&t, "./name", "target");
        put_file(&t, "./name", 0644, "new");
        expect_accepted(&t);
        assert_true(S_ISREG(stat_of(ROOT "/name").st_mode));
        text = unit_read(ROOT "/target");
        assert_string_equal(text, "old");
}

static void test_foreign_owner(void **state) {
        Tar t = tar_begin();

        put_init(&t);
        archive_entry_set_uid(entry(&t, "./file", S_IFREG | 0644), 65536);
        put(&t, "x");
        expect_refused(&t, "65535");
}

static void test_attributes(void **state) {
        /* VFS_CAP_REVISION_2 with CAP_NET_RAW, as the kernel keeps it */
        static const unsigned char capability[20] = { 0, 0, 0, 2, 0, 0x20 };
        Tar t = tar_begin();
        char value[64];

        put_init(&t);
        entry(&t, "./ping", S_IFREG | 0755);
        archive_entry_xattr_add_entry(t.e, "security.capability", capability, sizeof(capability));
        archive_entry_xattr_add_entry(t.e, "user.overlay.opaque", "y", 1);
        archive_entry_xattr_add_entry(t.e, "trusted.overlay.redirect", "/", 1);
        put(&t, "x");
        expect_accepted(&t);
        /* Kept, but only for the id range of the images: as revision 3, 24 bytes. */
        assert_int_equal(getxattr(unit_path(ROOT "/ping"), "security.capability", value, sizeof(value)), 24);
        assert_int_equal(getxattr(unit_path(ROOT "/ping"), "user.overlay.opaque", value, sizeof(value)), -1);
        assert_int_equal(getxattr(unit_path(ROOT "/ping"), "trusted.overlay.redirect", value, sizeof(value)),
                         -1);
}

/* Cut at every block, between entries and within them. */
static void test_truncated(void **state) {
        Tar t = tar_begin();
        char big[2000];
        off_t end;
        int fd;

        memset(big, 'x', sizeof(big) - 1);
        big[sizeof(big) - 1] = '\0';
        put_init(&t);
        put_file(&t, "./big", 0644, big);
        fd = tar_end(&t);
        /*
         * init (2 directories, header and a block) and big (header and 4 blocks) end here; two zero blocks
         * follow
         */
        end = 512 * 9;
        for (off_t size = 512; size <= end; size += 512) {
                _cleanup_close_ int cut = memfd_create("cut", MFD_CLOEXEC);
                char data[512 * 9];
                TenantError e = { 0 };
                int r;

                assert_int_equal(pread(fd, data, (size_t) size, 0), size);
                assert_int_equal(write(cut, data, (size_t) size), size);
                assert_int_equal(lseek(cut, 0, SEEK_SET), 0);
                r = work_import_image("web", cut, NULL, &host_default, &e);
                assert_error(e, r, EBADMSG, E_BAD_IMAGE, "");
                assert_non_null(strcasestr(e.message, "truncated"));
                assert_no_images();
        }
        close(fd);
}

static int import_from(const char *source, TenantError *e) {
        Tar t = tar_begin();
        int fd, r;

        put_init(&t);
        fd = tar_end(&t);
        r = work_import_image("web", fd, source, &host_default, e);
        close(fd);
        return r;
}

/* As long as the bus takes it, and the manifest. */
static void test_longest_source(void **state) {
        _cleanup_(image_free_p) Image *image = NULL;
        char source[258] = "";
        TenantError e = { 0 };
        int r;

        memset(source, 's', 257);
        r = import_from(source, &e);
        assert_error(e, r, EINVAL, E_INVALID_SETTING, "at most 256 bytes");
        assert_no_images();
        source[256] = '\0';
        assert_ok(e, import_from(source, &e));
        assert_ok(e, image_load("web", &image, &e));
        assert_string_equal(image->source, source);
}

static void test_truncated_gzip(void **state) {
        Tar t = tar_begin_filter(ARCHIVE_FILTER_GZIP);
        int fd;

        put_init(&t);
        fd = tar_end(&t);
        assert_int_equal(ftruncate(fd, lseek(fd, 0, SEEK_END) - 12), 0);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        expect_refused_fd(fd, "");
}

static int fd_with(const void *data, size_t size) {
        int fd = memfd_create("data", MFD_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, data, size), (ssize_t) size);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        return fd;
}

static void test_not_an_archive(void **state) {
        char noise[4096];

        for (size_t i = 0; i < sizeof(noise); i++) {
                noise[i] = (char) unit_random(256);
        }
        expect_refused_fd(fd_with("", 0), "tar");
        expect_refused_fd(fd_with(noise, sizeof(noise)), "tar");
        memset(noise, 0, sizeof(noise));
        expect_refused_fd(fd_with(noise, sizeof(noise)), "no init");
        expect_refused_fd(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "");
}

static void test_no_init(void **state) {
        Tar t = tar_begin();

        put_directory(&t, "./usr");
        put_file(&t, "./sbin/init", 0644, "not executable");
        expect_refused(&t, "/usr/lib/systemd/systemd");
}

static void test_init_by_links(void **state) {
        Tar t = tar_begin();

        put_symlink(&t, "./sbin", "usr/sbin");
        put_symlink(&t, "./usr/sbin/init", "/lib/systemd/systemd");
        put_symlink(&t, "./lib", "usr/lib");
        put_file(&t, "./usr/lib/systemd/systemd", 0755, "x");
        expect_accepted(&t);
}

static void test_long_names(void **state) {
        char component[300], deep[5000] = "";
        Tar t = tar_begin();
        TenantError e = { 0 };

        memset(component, 'n', 256);
        component[256] = '\0';
        put_init(&t);
        put_file(&t, component, 0644, "x");
        expect_refused(&t, "nnn");
        component[255] = '\0';
        for (int i = 0; i < 15; i++) {
                strcat(deep, component);
                strcat(deep, i < 14 ? "/" : "");
        }
        t = tar_begin();
        put_init(&t);
        put_file(&t, deep, 0644, "x");
        expect_accepted(&t);
        assert_ok(e, work_remove_image("web", &host_default, &e));
        assert_no_images();
        t = tar_begin();
        put_init(&t);
        strcat(deep, "/");
        strcat(deep, component);
        strcat(deep, component);
        put_file(&t, deep, 0644, "x");
        expect_refused(&t, "too long");
}

static void test_utf8_and_bytes_that_are_not(void **state) {
        Tar t = tar_begin();

        assert_non_null(
                setlocale(LC_CTYPE, "C.UTF-8")); /* to write a pax header; the reader must not need ours */
        put_init(&t);
        archive_entry_set_pathname_utf8(entry(&t, "x", S_IFREG | 0644),
                                        "./F\xc5\x91tan\xc3\xbas\xc3\xadtv\xc3\xa1ny");
        put(&t, "x");
        setlocale(LC_CTYPE, "C");
        put_file(&t, "./\xff\xfe", 0644, "x");
        expect_accepted(&t);
        assert_true(unit_exists(ROOT "/F\xc5\x91tan\xc3\xbas\xc3\xadtv\xc3\xa1ny"));
        assert_true(unit_exists(ROOT "/\xff\xfe"));
}

static void test_import_twice(void **state) {
        TenantError e = { 0 };
        Tar t = tar_begin();
        int r;

        put_init(&t);
        expect_accepted(&t);
        t = tar_begin();
        put_init(&t);
        r = import_fd(tar_end(&t), &e);
        assert_error(e, r, EEXIST, E_IMAGE_EXISTS, "web");
        assert_true(unit_exists(ROOT "/sbin/init"));
}

static bool always_cancelled(void *userdata) {
        return true;
}

static void test_cancelled(void **state) {
        struct tenant_host host = host_default;
        TenantError e = { 0 };
        int pipe_fds[2], r;

        host.cancelled = always_cancelled;
        assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
        r = work_import_image("web", pipe_fds[0], NULL, &host, &e); /* a source that never ends */
        assert_error(e, r, ECANCELED, E_CANCELED, "canceled");
        assert_no_images();
        close(pipe_fds[0]);
        close(pipe_fds[1]);
}

static void test_bad_requests(void **state) {
        TenantError e = { 0 };
        int r = work_import_image("../x", 0, NULL, &host_default, &e);

        assert_error(e, r, EINVAL, E_INVALID_NAME, "");
        r = work_import_image("web", 0, "two\nlines", &host_default, &e);
        assert_error(e, r, EINVAL, E_INVALID_SETTING, "Source");
        r = work_remove_image("web", &host_default, &e);
        assert_error(e, r, ENOENT, E_NO_SUCH_IMAGE, "web");
        r = work_build_image("web", "Bad Suite", "plain", NULL, &host_default, &e);
        assert_error(e, r, EINVAL, E_INVALID_SETTING, "Bad Suite");
        r = work_build_image("web", "bookworm", "huge", NULL, &host_default, &e);
        assert_error(e, r, EINVAL, E_INVALID_SETTING, "huge");
        r = work_build_image("web", "bookworm", "plain", (char *[]){ (char *) "--eval", NULL },
                             &host_default, &e);
        assert_error(e, r, EINVAL, E_INVALID_SETTING, "--eval");
        assert_no_images();
}

static void test_no_descriptor_is_lost(void **state) {
        size_t before = unit_open_fds();
        Tar t = tar_begin();

        put_init(&t);
        expect_accepted(&t);
        t = tar_begin();
        put_file(&t, "..", 0644, "x");
        TenantError e = { 0 };
        assert_true(import_fd(tar_end(&t), &e) < 0);
        assert_int_equal(unit_open_fds(), before);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_plain_tree, unit_root_empty),
                cmocka_unit_test_setup(test_longest_source, unit_root_empty),
                cmocka_unit_test_setup(test_digest_is_of_the_file, unit_root_empty),
                cmocka_unit_test_setup(test_compressions, unit_root_empty),
                cmocka_unit_test_setup(test_names_that_leave, unit_root_empty),
                cmocka_unit_test_setup(test_absolute_names_stay_inside, unit_root_empty),
                cmocka_unit_test_setup(test_devices_are_left_out, unit_root_empty),
                cmocka_unit_test_setup(test_hard_links_out, unit_root_empty),
                cmocka_unit_test_setup(test_file_through_a_link, unit_root_empty),
                cmocka_unit_test_setup(test_directory_over_a_link, unit_root_empty),
                cmocka_unit_test_setup(test_hard_link_through_a_link, unit_root_empty),
                cmocka_unit_test_setup(test_file_over_a_link, unit_root_empty),
                cmocka_unit_test_setup(test_foreign_owner, unit_root_empty),
                cmocka_unit_test_setup(test_attributes, unit_root_empty),
                cmocka_unit_test_setup(test_truncated, unit_root_empty),
                cmocka_unit_test_setup(test_truncated_gzip, unit_root_empty),
                cmocka_unit_test_setup(test_not_an_archive, unit_root_empty),
                cmocka_unit_test_setup(test_no_init, unit_root_empty),
                cmocka_unit_test_setup(test_init_by_links, unit_root_empty),
                cmocka_unit_test_setup(test_long_names, unit_root_empty),
                cmocka_unit_test_setup(test_utf8_and_bytes_that_are_not, unit_root_empty),
                cmocka_unit_test_setup(test_import_twice, unit_root_empty),
                cmocka_unit_test_setup(test_cancelled, unit_root_empty),
                cmocka_unit_test_setup(test_bad_requests, unit_root_empty),
                cmocka_unit_test_setup(test_no_descriptor_is_lost, unit_root_empty),
        };

        if (geteuid() != 0) {
                puts("1..0 # SKIP needs root to make a user namespace with a range of ids");
                return 0; /* the skip is in the plan */
        }
        return cmocka_run_group_tests_name("import", tests, unit_root_setup, unit_root_teardown);
}
